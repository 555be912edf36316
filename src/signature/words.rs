//! Words that say what stands beside them. All of them are general: none names a studio, a program or a data set.
//! Each word of each message is looked up, so a list is a sorted array of numbers.

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
}

/// A word as a number: in the same order, and compared at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word(u128);

impl Word {
    /// Bytes of the longest word that a list holds.
    const LONGEST: usize = 16;

    /// The word; of a longer one, one that no list holds.
    pub fn of(text: &str) -> Self {
        let mut padded = [0; Self::LONGEST];
        if let Some(place) = padded.get_mut(..text.len()) {
            place.copy_from_slice(text.as_bytes());
        }
        Self(u128::from_be_bytes(padded))
    }

    /// What it says about the text behind it.
    pub fn role(self) -> Option<Role> {
        let mut slot = self.slot();
        while let Some((word, role)) = ROLES[slot] {
            if word == self {
                return Some(role);
            }
            slot = (slot + 1) % SLOTS;
        }
        None
    }

    /// Part of a date or a time that is written in letters.
    pub fn is_date(self) -> bool {
        self.is_in(&DATES)
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

const fn words<const COUNT: usize>(texts: [&str; COUNT]) -> [Word; COUNT] {
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
static ROLES: [Option<(Word, Role)>; SLOTS] = {
    let lists: [(&[Word], Role); 6] = [
        (&CODES, Role::Code),
        (&BEFORE_A_THING, Role::Thing),
        (&BEFORE_A_NAME, Role::Name),
        (&BEFORE_AN_ACCOUNT, Role::Account),
        (&REQUESTS, Role::Request),
        (&BEFORE_A_STATUS, Role::Exit),
    ];
    let mut slots = [None; SLOTS];
    let mut list = 0;
    while list < lists.len() {
        let (words, role) = lists[list];
        let mut next = 0;
        while next < words.len() {
            let mut slot = words[next].slot();
            while slots[slot].is_some() {
                slot = (slot + 1) % SLOTS;
            }
            slots[slot] = Some((words[next], role));
            next += 1;
        }
        list += 1;
    }
    slots
};

const CODES: [Word; 23] = words([
    "Code",
    "ERRNO",
    "ERROR",
    "Errno",
    "Error",
    "HRESULT",
    "HTTP",
    "Signal",
    "WinError",
    "code",
    "err",
    "errno",
    "error",
    "error_code",
    "exit_code",
    "exitcode",
    "hresult",
    "http",
    "return_code",
    "returncode",
    "signal",
    "status_code",
    "winerror",
]);

const BEFORE_A_THING: [Word; 54] = words([
    "App",
    "Argument",
    "Attribute",
    "Class",
    "Command",
    "Engine",
    "Extension",
    "Field",
    "Framework",
    "Function",
    "Hook",
    "Key",
    "Library",
    "Method",
    "Module",
    "Option",
    "Package",
    "Parameter",
    "Plug-in",
    "Plugin",
    "Procedure",
    "Property",
    "Setting",
    "Template",
    "Tool",
    "Type",
    "Variable",
    "app",
    "argument",
    "attribute",
    "class",
    "command",
    "engine",
    "extension",
    "field",
    "framework",
    "function",
    "hook",
    "key",
    "library",
    "method",
    "module",
    "option",
    "package",
    "parameter",
    "plug-in",
    "plugin",
    "procedure",
    "property",
    "setting",
    "template",
    "tool",
    "type",
    "variable",
]);

const BEFORE_A_NAME: [Word; 12] = words([
    "Host",
    "User",
    "artist",
    "host",
    "hostname",
    "login",
    "machine",
    "node",
    "server",
    "user",
    "username",
    "workstation",
]);

const BEFORE_AN_ACCOUNT: [Word; 3] = words(["as", "by", "for"]);

const REQUESTS: [Word; 7] = words(["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]);

const BEFORE_A_STATUS: [Word; 1] = words(["exit"]);

const UNITS: [Word; 44] = words([
    "B",
    "G",
    "GB",
    "GHz",
    "Gb",
    "GiB",
    "Hz",
    "K",
    "KB",
    "Kb",
    "KiB",
    "M",
    "MB",
    "MHz",
    "Mb",
    "MiB",
    "TB",
    "TiB",
    "bit",
    "byte",
    "day",
    "dpi",
    "fp",
    "h",
    "hour",
    "hr",
    "k",
    "kB",
    "kHz",
    "m",
    "microsecond",
    "millisecond",
    "min",
    "minute",
    "n",
    "nanosecond",
    "percent",
    "pixel",
    "px",
    "sec",
    "second",
    "u",
    "week",
    "x",
]);

const DATES: [Word; 53] = words([
    "AM",
    "Apr",
    "April",
    "Aug",
    "August",
    "BST",
    "CDT",
    "CEST",
    "CET",
    "CST",
    "Dec",
    "December",
    "EDT",
    "EST",
    "Feb",
    "February",
    "Fri",
    "Friday",
    "GMT",
    "JST",
    "Jan",
    "January",
    "Jul",
    "July",
    "Jun",
    "June",
    "MDT",
    "MST",
    "Mar",
    "March",
    "May",
    "Mon",
    "Monday",
    "Nov",
    "November",
    "Oct",
    "October",
    "PDT",
    "PM",
    "PST",
    "Sat",
    "Saturday",
    "Sep",
    "September",
    "Sun",
    "Sunday",
    "Thu",
    "Thursday",
    "Tue",
    "Tuesday",
    "UTC",
    "Wed",
    "Wednesday",
]);

const SMALL: [Word; 47] = words([
    "a", "an", "and", "are", "as", "at", "because", "but", "by", "can", "cannot", "could", "did", "does",
    "failed", "for", "from", "had", "has", "have", "in", "into", "is", "may", "must", "needs", "no", "not",
    "of", "on", "or", "over", "since", "that", "the", "to", "under", "via", "was", "were", "when", "which",
    "while", "who", "will", "with", "without",
]);

const NOUNS_BEHIND_A_NAME: [Word; 59] = words([
    "access",
    "account",
    "action",
    "application",
    "authentication",
    "cache",
    "certificate",
    "code",
    "config",
    "configuration",
    "connection",
    "credentials",
    "data",
    "directory",
    "editor",
    "error",
    "events",
    "folder",
    "graph",
    "group",
    "home",
    "id",
    "info",
    "input",
    "interface",
    "key",
    "license",
    "list",
    "login",
    "menu",
    "name",
    "names",
    "object",
    "page",
    "password",
    "permission",
    "permissions",
    "plugin",
    "preferences",
    "process",
    "profile",
    "request",
    "response",
    "script",
    "scripts",
    "session",
    "settings",
    "setup",
    "shelf",
    "side",
    "state",
    "time",
    "timeout",
    "token",
    "tree",
    "type",
    "unknown",
    "version",
    "workspace",
]);

const DOMAINS: [Word; 53] = words([
    "arpa",
    "at",
    "au",
    "be",
    "biz",
    "br",
    "ca",
    "ch",
    "cn",
    "com",
    "corp",
    "cz",
    "de",
    "dk",
    "edu",
    "es",
    "eu",
    "fi",
    "film",
    "fr",
    "gov",
    "hk",
    "home",
    "hu",
    "ie",
    "il",
    "info",
    "internal",
    "intranet",
    "io",
    "it",
    "jp",
    "kr",
    "lan",
    "local",
    "localdomain",
    "mx",
    "net",
    "nl",
    "nz",
    "org",
    "pl",
    "pt",
    "ru",
    "se",
    "sg",
    "studio",
    "tr",
    "tv",
    "tw",
    "uk",
    "us",
    "za",
]);

const FILE_TYPES: [Word; 180] = words([
    "3ds", "abc", "aces", "ai", "ai2", "aif", "aiff", "aovs", "ass", "assets", "atom", "avi", "bat", "bgeo",
    "bin", "blend", "bmp", "bundle", "c", "c4d", "cc", "cdl", "cfg", "cin", "clip", "cmd", "com", "conf",
    "cpp", "csv", "cube", "dae", "dat", "db", "dll", "dng", "doc", "docx", "dpx", "drp", "dylib", "edl",
    "env", "eps", "exe", "exr", "fbx", "fla", "gif", "gizmo", "glb", "gltf", "gto", "gz", "h", "hda", "hdr",
    "hip", "hiplc", "hipnc", "hpp", "htm", "html", "icc", "ico", "ies", "ini", "jar", "jpeg", "jpg", "js",
    "json", "key", "lic", "lnk", "lock", "log", "lut", "m4a", "m4v", "ma", "max", "mb", "mc", "md", "mdl",
    "mel", "mkv", "mll", "mlt", "mod", "mov", "mp3", "mp4", "mpeg", "mpg", "mpx", "msg", "mtl", "mtlx",
    "mxf", "nk", "nknc", "nkple", "nkx", "obj", "ocio", "ogg", "osl", "otl", "pdb", "pdf", "pem", "pickle",
    "pkl", "ply", "png", "ppm", "prefs", "ps1", "psb", "psd", "ptx", "py", "pyc", "pyd", "qml", "qss", "rat",
    "raw", "rib", "rs", "sbs", "sbsar", "sc", "sgi", "sh", "shotgun", "spp", "sql", "sqlite", "sqsm", "stl",
    "svg", "swatch", "tar", "tga", "tgz", "tif", "tiff", "tmp", "toml", "ttf", "tx", "txt", "uasset", "ui",
    "umap", "uproject", "usd", "usda", "usdc", "usdz", "vdb", "vrimg", "vrmesh", "vrscene", "wav", "webm",
    "webp", "xgen", "xlsx", "xml", "xmp", "yaml", "yml", "zip", "zpr", "zst", "ztl",
]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_its_role() {
        for (word, role) in [
            ("errno", Some(Role::Code)),
            ("Template", Some(Role::Thing)),
            ("user", Some(Role::Name)),
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
