//! What a value looks like: a secret, or what stands for one in code and in settings.

/// Bytes that are looked at.
const LOOKED_AT: usize = 256;

/// Whether a text says that there is no value, or that it is kept to itself: `None`, `%s`, `{key}`, `$SG_KEY`, `****`.
pub(super) fn is_placeholder(value: &str) -> bool {
    if value.is_empty() {
        return true;
    }
    let is_name = |name: &str| {
        !name.is_empty()
            && name.len() <= 40
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b' ' | b'!'))
    };
    let between = |open, close| value.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    let is_quoted = [
        ("${", "}"),
        ("{", "}"),
        ("{{", "}}"),
        ("<", ">"),
        ("%(", ")s"),
        ("%(", ")r"),
        ("%", "%"),
        ("$(", ")"),
    ]
    .into_iter()
    .any(|(open, close)| between(open, close).is_some_and(|name| name.is_empty() || is_name(name)));
    let is_variable = value.strip_prefix('$').is_some_and(|name| {
        name.len() <= 40
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    });
    let is_hidden =
        value.bytes().all(|byte| matches!(byte, b'*' | b'x' | b'X' | b'.' | b'-' | b'#' | b'?' | b'_'));
    is_quoted
        || is_variable
        || is_hidden
        || value.chars().all(|next| next == '\u{2022}')
        || is_word_for_none(value)
}

fn is_word_for_none(value: &str) -> bool {
    let words = [
        "none",
        "null",
        "nil",
        "true",
        "false",
        "undefined",
        "nan",
        "missing",
        "unset",
        "empty",
        "hidden",
        "redacted",
        "filtered",
        "[filtered]",
        "%s",
        "%r",
        "%d",
        "str",
        "bytes",
        "int",
        "string",
        "bool",
        "object",
        "any",
        "optional",
        "secretstr",
        "lambda",
        "yes",
        "no",
    ];
    value.len() <= 10 && words.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// Whether a bare value is a piece of code that gives a value: `self._key`, `getpass.getpass()`, `os.environ["KEY"]`,
/// `script_key`. `behind` is the text right behind it.
pub(super) fn is_code(value: &str, behind: &[u8]) -> bool {
    let bytes = &value.as_bytes()[..value.len().min(LOOKED_AT)];
    let is_name = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'.');
    let name = bytes.iter().take_while(|byte| is_name(byte)).count();
    if name == 0 || name > 64 {
        return false;
    }
    let Some(name) = value.get(..name) else { return false };
    if let Some(open) = bytes.get(name.len()) {
        // A call, or an index. What opens in the middle of a key and never closes is part of the key.
        let is_last = bytes.len() == name.len() + 1;
        let closes = matches!(behind.first(), Some(b')' | b']' | b'}' | b',' | b'"' | b'\''));
        return matches!(open, b'(' | b'[' | b'{') && (is_last || closes || value.ends_with([')', ']', '}']));
    }
    let first = name.split('.').next().unwrap_or_default();
    let last = name.rsplit(['.', '_']).next().unwrap_or_default();
    let is = |word: &str, list: &[&str]| list.iter().any(|known| word.eq_ignore_ascii_case(known));
    name.contains('.') && is(first, &OWNERS) || name.contains('_') && is(last, &NAMES) || is(name, &NAMES)
}

/// What a value is asked of, in code.
const OWNERS: [&str; 24] = [
    "self",
    "cls",
    "os",
    "sys",
    "this",
    "args",
    "options",
    "opts",
    "config",
    "cfg",
    "conf",
    "settings",
    "env",
    "environ",
    "request",
    "session",
    "credentials",
    "auth",
    "user",
    "kwargs",
    "sg",
    "app",
    "engine",
    "parser",
];

/// What a variable is called that holds a secret.
const NAMES: [&str; 20] = [
    "key",
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "pass",
    "credential",
    "credentials",
    "auth",
    "value",
    "name",
    "id",
    "apikey",
    "cookie",
    "session",
    "data",
    "arg",
    "string",
];

/// Whether a text looks as if nobody had written it: long, and letters mixed with digits or signs.
pub(super) fn looks_random(value: &str) -> bool {
    let bytes = value.as_bytes();
    let bytes = &bytes[..bytes.len().min(LOOKED_AT)];
    if bytes.len() < 6 || is_number(bytes) || is_path(bytes) {
        return false;
    }
    let count = |is: fn(&u8) -> bool| bytes.iter().filter(|byte| is(byte)).count();
    let (letters, digits) = (count(u8::is_ascii_alphabetic), count(u8::is_ascii_digit));
    let signs = count(|byte| {
        matches!(
            byte,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'*' | b'+' | b'=' | b'?' | b'@' | b'^' | b'~' | b'|'
        )
    });
    // No word is so long.
    letters > 0 && (digits > 0 || signs > 0 || letters == bytes.len() && letters >= 18)
}

/// Whether it looks random, and is no name that somebody gave to a shot, a version or a file.
pub(super) fn is_surely_random(value: &str) -> bool {
    let bytes = value.as_bytes();
    let is_one_piece = bytes
        .iter()
        .take(LOOKED_AT)
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'=' | b'~' | b'%' | b'/'));
    bytes.len() >= 16 && is_one_piece && looks_random(value)
}

/// `0x34ed93485090001`, `1234`, `12.5`.
fn is_number(bytes: &[u8]) -> bool {
    let hexadecimal = bytes.strip_prefix(b"0x").or(bytes.strip_prefix(b"0X"));
    match hexadecimal {
        // In a table the next column may follow.
        Some(digits) => {
            let length = digits.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
            (1..=16).contains(&length) && digits.get(length).is_none_or(|next| !next.is_ascii_alphanumeric())
        }
        None => bytes.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b':' | b'-' | b',')),
    }
}

fn is_path(bytes: &[u8]) -> bool {
    let is_drive = bytes[0].is_ascii_alphabetic() && bytes[1] == b':' && matches!(bytes[2], b'/' | b'\\');
    is_drive
        || bytes.starts_with(b"/")
        || bytes.starts_with(b"\\\\")
        || bytes.starts_with(b"./")
        || bytes.starts_with(b"~/")
        || memchr::memmem::find(bytes, b"://").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_placeholders_are_no_secrets() {
        for text in
            ["None", "%s", "{key}", "${SG_KEY}", "$SG_KEY", "%SG_KEY%", "****", "<your key>", "", "%(key)s"]
        {
            assert!(is_placeholder(text), "{text}");
        }
        for text in ["$hunter22", "{x", "hunter22", "%s3cret", "<a@b>c"] {
            assert!(!is_placeholder(text), "{text}");
        }
        for (text, behind) in [
            ("self._key", ","),
            ("getpass.getpass(", ")"),
            ("os.environ[", "\"K\"]"),
            ("script_key", ")"),
            ("load(x", ", y)"),
            ("key", ""),
        ] {
            assert!(is_code(text, behind.as_bytes()), "{text}");
        }
        for text in ["abc.def", "hwnxb(khth", "hunter22", "correct", "1key", "a_b"] {
            assert!(!is_code(text, b" "), "{text}");
        }
    }

    #[test]
    fn what_nobody_wrote_looks_random() {
        for text in ["hunter22", "abc^def", "hwnxbkhthbtrulsfujx", "550e8400-e29b-41d4-a716-446655440000"] {
            assert!(looks_random(text), "{text}");
        }
        for text in [
            "wrong",
            "incorrect",
            "not-found",
            "0x34ed93485090001",
            "12345678",
            "/home/x1",
            "C:\\x1y2z3",
            "a1",
            "https://x1",
        ] {
            assert!(!looks_random(text), "{text}");
        }
        assert!(is_surely_random("d41d8cd98f00b204"));
        assert!(!is_surely_random("shot_010_comp_v012_final"));
    }
}
