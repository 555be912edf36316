//! Words that say what stands beside them. All of them are general: none names a studio, a program or a data set.
//! Each word of each message is looked up, so a list is a sorted array of numbers.

use super::lists::{
    BEFORE_A_NAME, BEFORE_A_STATUS, BEFORE_A_THING, BEFORE_AN_ACCOUNT, CODES, DATES, DOMAINS, FILE_TYPES,
    NOUNS_BEHIND_A_NAME, REQUESTS, SMALL, UNITS,
};

/// What a word says about the text behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The number behind it is a code, which tells one problem from another: `errno 28` is not `errno 13`.
    Code,
    /// The path behind it is one on a server: its last part is no file.
    Request,
    /// The word behind it can be somebody's or some machine's name.
    Name,
    /// The quoted name behind it is that of one of the pipeline's own parts, of which there are few: not a shot, an asset
    /// or a file.
    Thing,
    /// The word behind it can be an account.
    Account,
    /// A status behind it is a code.
    Exit,
    /// It is part of a date or a time that is written in letters.
    Date,
}

/// A word as a number: in the same order, and compared at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word(u128);

impl Word {
    /// Bytes of the longest word that a list holds.
    const LONGEST: usize = 16;

    /// The word; of a longer one, one that no list holds.
    pub fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let length = bytes.len();
        // Two halves that overlap are read sooner than a number of bytes that nobody knows beforehand.
        if let (Some(first), Some(last), 8..=Self::LONGEST) =
            (bytes.first_chunk(), bytes.last_chunk(), length)
        {
            let upper = u128::from(u64::from_be_bytes(*first)) << 64;
            let lower = u128::from(u64::from_be_bytes(*last)) << ((Self::LONGEST - length) * 8);
            return Self(upper | lower & u128::from(u64::MAX));
        }
        if let (Some(first), Some(last), 4..8) = (bytes.first_chunk(), bytes.last_chunk(), length) {
            let upper = u64::from(u32::from_be_bytes(*first)) << 32;
            let lower = u64::from(u32::from_be_bytes(*last)) << ((8 - length) * 8);
            return Self(u128::from(upper | lower & u64::from(u32::MAX)) << 64);
        }
        match *bytes {
            [one] => Self(u128::from(one) << 120),
            [one, two] => Self(u128::from(u16::from_be_bytes([one, two])) << 112),
            [one, two, three] => Self(u128::from(u32::from_be_bytes([one, two, three, 0])) << 96),
            _ => Self(0),
        }
    }

    /// What it says about the text behind it.
    pub fn role(self) -> Option<Role> {
        let mut slot = self.slot();
        while ROLES.words[slot] != Self(0) {
            if ROLES.words[slot] == self {
                return Some(ROLES.roles[slot]);
            }
            slot = (slot + 1) % SLOTS;
        }
        None
    }

    /// A small word, behind which a sentence goes on.
    pub fn is_small(self) -> bool {
        self.is_in(&SMALL)
    }

    /// What follows `user`, `server` or `host` as a noun of its own, and is nobody's name.
    pub fn is_noun_behind_a_name(self) -> bool {
        self.is_in(&NOUNS_BEHIND_A_NAME)
    }

    /// Where the table of roles has it, if no other word does.
    const fn slot(self) -> usize {
        // The upper bits of a product depend on all of the word.
        (self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835) >> 119) as usize % SLOTS
    }

    fn is_in(self, sorted: &[Self]) -> bool {
        sorted.binary_search(&self).is_ok()
    }
}

/// What a number was counted in: it goes with the number.
pub fn is_unit(word: &str) -> bool {
    let singular = word.strip_suffix('s').unwrap_or(word);
    singular.is_empty() || Word::of(singular).is_in(&UNITS)
}

/// Whether a dotted name ends as the name of a host on the net does.
pub fn is_host(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, last)| Word::of(last).is_in(&DOMAINS))
}

/// Whether a file's ending, in small letters, says what kind of file it is: else it may be no more than a number or a
/// part of the name.
pub fn is_file_type(ending: &str) -> bool {
    Word::of(ending).is_in(&FILE_TYPES)
}

pub const fn words<const COUNT: usize>(texts: [&str; COUNT]) -> [Word; COUNT] {
    let mut words = [Word(0); COUNT];
    let mut at = 0;
    while at < COUNT {
        let bytes = texts[at].as_bytes();
        assert!(bytes.len() <= Word::LONGEST, "no list holds a longer word");
        let mut byte = 0;
        while byte < Word::LONGEST {
            let next = if byte < bytes.len() { bytes[byte] } else { 0 };
            words[at].0 = words[at].0 << 8 | next as u128;
            byte += 1;
        }
        assert!(at == 0 || words[at - 1].0 < words[at].0, "a list is in order");
        at += 1;
    }
    words
}

/// Slots of the table of roles: so many that most words find theirs empty.
const SLOTS: usize = 512;

/// All words with a role, each in the first free slot from its own on.
struct Roles {
    /// Zero where a slot is empty.
    words: [Word; SLOTS],
    roles: [Role; SLOTS],
}

static ROLES: Roles = {
    let lists: [(&[Word], Role); 7] = [
        (&CODES, Role::Code),
        (&BEFORE_A_THING, Role::Thing),
        (&BEFORE_A_NAME, Role::Name),
        (&BEFORE_AN_ACCOUNT, Role::Account),
        (&REQUESTS, Role::Request),
        (&BEFORE_A_STATUS, Role::Exit),
        (&DATES, Role::Date),
    ];
    let mut table = Roles { words: [Word(0); SLOTS], roles: [Role::Code; SLOTS] };
    let mut list = 0;
    while list < lists.len() {
        let (words, role) = lists[list];
        let mut next = 0;
        while next < words.len() {
            let mut slot = words[next].slot();
            while table.words[slot].0 != 0 {
                assert!(table.words[slot].0 != words[next].0, "a word has one role");
                slot = (slot + 1) % SLOTS;
            }
            table.words[slot] = words[next];
            table.roles[slot] = role;
            next += 1;
        }
        list += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_its_role() {
        for (word, role) in [
            ("errno", Some(Role::Code)),
            ("Template", Some(Role::Thing)),
            ("user", Some(Role::Name)),
            ("GET", Some(Role::Request)),
            ("as", Some(Role::Account)),
            ("Saturday", Some(Role::Date)),
            ("error", Some(Role::Code)),
            ("errors", None),
            ("a-word-that-is-longer-than-any", None),
            ("", None),
        ] {
            assert_eq!(Word::of(word).role(), role, "{word}");
        }
    }

    #[test]
    fn a_unit_may_be_many() {
        for unit in ["s", "ms", "MB", "seconds", "second", "fps"] {
            assert!(is_unit(unit), "{unit}");
        }
        assert!(!is_unit("files"));
    }
}
