//! Tokens that nothing announces: they are known by where their dots and colons stand.

use std::ops::Range;

use super::{mark, text};

/// Bytes between the two dots of a Discord token.
const DISCORD_MIDDLE: usize = 6;

/// Bytes of its last part that there are at least.
const DISCORD_LAST: usize = 27;

/// Digits of a Telegram bot's number.
const TELEGRAM_DIGITS: std::ops::RangeInclusive<usize> = 8..=10;

/// Bytes of its token behind the colon.
const TELEGRAM_TOKEN: usize = 35;

/// Places that are looked at together.
const BLOCK: usize = 64;

/// Bytes from the first digit of the shortest Telegram number to the colon, and from one dot of a Discord token to the next.
const DIGITS: usize = *TELEGRAM_DIGITS.start();
const DOTS: usize = DISCORD_MIDDLE + 1;

/// Calls `found` for each bot token of Discord or Telegram.
///
/// A text is full of dots and colons, but not of dots that are so far apart, nor of colons behind so many digits. What
/// tells them is compared for many places at a time, which a compiler makes vectors of.
pub(super) fn each_token(bytes: &[u8], mut found: impl FnMut(Range<usize>)) {
    let mut among = |places: Range<usize>| {
        let first = places.start;
        let signs = memchr::memchr2_iter(b'.', b':', &bytes[places]);
        signs.filter_map(|at| token(bytes, first + at)).for_each(&mut found);
    };
    // A block has its neighbours on both sides: no sign of a token stands so near to the text's ends that it has not.
    let mut at = DIGITS;
    while let Some(block) = bytes.get(at - DIGITS..at + BLOCK + DOTS) {
        if may_hold(block) {
            among(at..at + BLOCK);
        }
        at += BLOCK;
    }
    // The last one reaches into the one before.
    let last = bytes.len().checked_sub(DIGITS + BLOCK + DOTS).map(|begin| &bytes[begin..]);
    if at < bytes.len() && last.is_none_or(may_hold) {
        among(at..bytes.len());
    }
}

/// Whether the first dot or the colon of a token can stand in a block, given with its neighbours.
fn may_hold(bytes: &[u8]) -> bool {
    let (before, last, here) = (&bytes[..BLOCK], &bytes[DIGITS - 1..], &bytes[DIGITS..]);
    let behind = &bytes[DIGITS + DOTS..];
    let is = |found: bool| u8::from(found);
    let places = before.iter().zip(last).zip(here).zip(behind);
    let any = places.fold(0, |any, (((before, last), here), behind)| {
        let digits = is(before.is_ascii_digit()) & is(last.is_ascii_digit());
        any | (is(*here == b':') & digits) | (is(*here == b'.') & is(*behind == b'.'))
    });
    any != 0
}

/// A bot token of Discord or Telegram whose first dot or colon stands here.
fn token(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    match bytes[at] {
        b'.' if bytes.get(at + DOTS) == Some(&b'.') => discord(bytes, at),
        b':' if at >= DIGITS && bytes[at - 1].is_ascii_digit() && bytes[at - DIGITS].is_ascii_digit() => {
            telegram(bytes, at)
        }
        _ => None,
    }
}

/// `<user's number in base64>.<time>.<hash>`.
fn discord(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let first = bytes[..at].iter().rev().take(32).take_while(|byte| is_base64url(**byte)).count();
    let mut begin = at - first;
    // In a string the letter before it may be that of an escape.
    if begin > 0 && bytes[begin - 1] == b'\\' {
        begin += 1;
    }
    let second = at + DISCORD_MIDDLE + 1;
    let is_middle = bytes[at + 1..second].iter().all(|byte| is_base64url(*byte));
    let last = bytes[second + 1..].iter().take(64).take_while(|byte| is_base64url(**byte)).count();
    // Behind a mark stands the rest of what it replaced.
    if mark::ends(bytes, begin) {
        return None;
    }
    // The digits of a number begin so in base64.
    let is_number = matches!(bytes[begin], b'M' | b'N' | b'O');
    (is_number && is_middle && (22..=30).contains(&(at - begin)) && last >= DISCORD_LAST)
        .then(|| begin..second + 1 + last)
}

/// `<bot's number>:<hash>`.
fn telegram(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let digits = bytes[..at]
        .iter()
        .rev()
        .take(*TELEGRAM_DIGITS.end() + 1)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let begin = at - digits;
    let token =
        bytes[at + 1..].iter().take(TELEGRAM_TOKEN + 1).take_while(|byte| is_base64url(**byte)).count();
    let end = at + 1 + token;
    // `api.telegram.org/bot123456789:…`
    let is_begin = text::begins_word(bytes, begin) || bytes[..begin].ends_with(b"bot");
    let is_token = token == TELEGRAM_TOKEN
        && text::ends_word(bytes, end)
        && bytes[at + 1..end].iter().any(u8::is_ascii_alphabetic);
    (TELEGRAM_DIGITS.contains(&digits) && is_begin && is_token).then_some(begin..end)
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<&str> {
        let mut first = None;
        each_token(text.as_bytes(), |range| first = first.or(Some(&text[range])));
        first
    }

    #[test]
    fn a_token_is_found_wherever_it_stands() {
        let telegram = format!("123456789:AA{}", "b7C".repeat(11));
        for before in 0..3 * BLOCK {
            let text = format!("{} {telegram} {}", "x".repeat(before), "y".repeat(2 * BLOCK));
            assert_eq!(of(&text), Some(telegram.as_str()), "{before}");
        }
    }

    #[test]
    fn tokens_are_known_by_their_parts() {
        let discord = format!("M{}.X{}.{}", "Tk4".repeat(8), "a1b2c", "Z_9".repeat(9));
        let telegram = format!("123456789:AA{}", "b7C".repeat(11));
        for token in [&discord, &telegram] {
            for text in [format!("with {token} failed"), format!("'x\\n{token}'"), token.clone()] {
                assert_eq!(of(&text), Some(token.as_str()), "{text}");
            }
        }
        assert_eq!(of(&format!("api.telegram.org/bot{telegram}/getMe")), Some(telegram.as_str()));
        for text in
            ["Main.module.function_with_a_long_name_in_it", "12345678:90", "2026-11-22 10:21:30", "a.b"]
        {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
