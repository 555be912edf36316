//! Words that say what stands beside them. All of them are general: none names a studio, a program or a data set.

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

/// What a word says about the text behind it.
pub fn role(word: &str) -> Option<Role> {
    if let Ok(at) = ROLES.binary_search_by_key(&word, |(known, _)| known) {
        return Some(ROLES[at].1);
    }
    (word.ends_with("Error") || word.ends_with("Fault")).then_some(Role::Code)
}

/// What a number was counted in: it goes with the number.
pub fn is_unit(word: &str) -> bool {
    let singular = word.strip_suffix('s').unwrap_or(word);
    singular.is_empty() || has(UNITS, singular)
}

/// Part of a date or a time that is written in letters.
pub fn is_date(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_uppercase()) && has(DATES, word)
}

/// A small word, behind which a sentence goes on.
pub fn is_small(word: &str) -> bool {
    has(SMALL, word)
}

/// What follows `user`, `server` or `host` as a noun of its own, and is nobody's name.
pub fn is_noun_behind_a_name(word: &str) -> bool {
    has(NOUNS_BEHIND_A_NAME, word)
}

/// Whether a dotted name ends as the name of a host on the net does.
pub fn is_host(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, last)| has(DOMAINS, last))
}

/// Whether a file's ending, in small letters, says what kind of file it is: else it may be no more than a number or a
/// part of the name.
pub fn is_file_type(ending: &str) -> bool {
    has(FILE_TYPES, ending)
}

fn has(sorted: &[&str], word: &str) -> bool {
    sorted.binary_search(&word).is_ok()
}

const ROLES: &[(&str, Role)] = &[
    ("App", Role::Thing),
    ("Argument", Role::Thing),
    ("Attribute", Role::Thing),
    ("Class", Role::Thing),
    ("Code", Role::Code),
    ("Command", Role::Thing),
    ("DELETE", Role::Request),
    ("ERRNO", Role::Code),
    ("ERROR", Role::Code),
    ("Engine", Role::Thing),
    ("Errno", Role::Code),
    ("Error", Role::Code),
    ("Extension", Role::Thing),
    ("Field", Role::Thing),
    ("Framework", Role::Thing),
    ("Function", Role::Thing),
    ("GET", Role::Request),
    ("HEAD", Role::Request),
    ("HRESULT", Role::Code),
    ("HTTP", Role::Code),
    ("Hook", Role::Thing),
    ("Host", Role::Name),
    ("Key", Role::Thing),
    ("Library", Role::Thing),
    ("Method", Role::Thing),
    ("Module", Role::Thing),
    ("OPTIONS", Role::Request),
    ("Option", Role::Thing),
    ("PATCH", Role::Request),
    ("POST", Role::Request),
    ("PUT", Role::Request),
    ("Package", Role::Thing),
    ("Parameter", Role::Thing),
    ("Plug-in", Role::Thing),
    ("Plugin", Role::Thing),
    ("Procedure", Role::Thing),
    ("Property", Role::Thing),
    ("Setting", Role::Thing),
    ("Signal", Role::Code),
    ("Template", Role::Thing),
    ("Tool", Role::Thing),
    ("Type", Role::Thing),
    ("User", Role::Name),
    ("Variable", Role::Thing),
    ("WinError", Role::Code),
    ("app", Role::Thing),
    ("argument", Role::Thing),
    ("artist", Role::Name),
    ("as", Role::Account),
    ("attribute", Role::Thing),
    ("by", Role::Account),
    ("class", Role::Thing),
    ("code", Role::Code),
    ("command", Role::Thing),
    ("engine", Role::Thing),
    ("err", Role::Code),
    ("errno", Role::Code),
    ("error", Role::Code),
    ("error_code", Role::Code),
    ("exit", Role::Exit),
    ("exit_code", Role::Code),
    ("exitcode", Role::Code),
    ("extension", Role::Thing),
    ("field", Role::Thing),
    ("for", Role::Account),
    ("framework", Role::Thing),
    ("function", Role::Thing),
    ("hook", Role::Thing),
    ("host", Role::Name),
    ("hostname", Role::Name),
    ("hresult", Role::Code),
    ("http", Role::Code),
    ("key", Role::Thing),
    ("library", Role::Thing),
    ("login", Role::Name),
    ("machine", Role::Name),
    ("method", Role::Thing),
    ("module", Role::Thing),
    ("node", Role::Name),
    ("option", Role::Thing),
    ("package", Role::Thing),
    ("parameter", Role::Thing),
    ("plug-in", Role::Thing),
    ("plugin", Role::Thing),
    ("procedure", Role::Thing),
    ("property", Role::Thing),
    ("return_code", Role::Code),
    ("returncode", Role::Code),
    ("server", Role::Name),
    ("setting", Role::Thing),
    ("signal", Role::Code),
    ("status_code", Role::Code),
    ("template", Role::Thing),
    ("tool", Role::Thing),
    ("type", Role::Thing),
    ("user", Role::Name),
    ("username", Role::Name),
    ("variable", Role::Thing),
    ("winerror", Role::Code),
    ("workstation", Role::Name),
];

const UNITS: &[&str] = &[
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
];

const DATES: &[&str] = &[
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
];

const SMALL: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "because", "but", "by", "can", "cannot", "could", "did", "does",
    "failed", "for", "from", "had", "has", "have", "in", "into", "is", "may", "must", "needs", "no", "not",
    "of", "on", "or", "over", "since", "that", "the", "to", "under", "via", "was", "were", "when", "which",
    "while", "who", "will", "with", "without",
];

const NOUNS_BEHIND_A_NAME: &[&str] = &[
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
];

const DOMAINS: &[&str] = &[
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
];

const FILE_TYPES: &[&str] = &[
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
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_in_order() {
        assert!(ROLES.is_sorted_by(|(one, _), (other, _)| one < other));
        for list in [UNITS, DATES, SMALL, NOUNS_BEHIND_A_NAME, DOMAINS, FILE_TYPES] {
            assert!(list.is_sorted_by(|one, other| one < other));
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
