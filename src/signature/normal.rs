//! A message's normal form: its words, with one mark for each value.
//!
//! One pass from left to right. A rule looks at one chunk of text (what stands between blanks, brackets, quotes and equals
//! signs) and at what stood before it, so the time is linear whatever the text. Punctuation is left out: it says nothing
//! that the words do not say. So are values that follow each other: a list of three is the list of five.

use std::borrow::Cow;
use std::ops::Range;

use serde::Serialize;

use super::clip::beginning;
use super::walk::Walk;

/// What stands for a value.
pub const VALUE: &str = "*";

/// Bytes of a message that are read: what comes behind them is data.
pub const LONGEST: usize = 4 << 10;

/// Why a piece of a text is a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mask {
    /// It stands behind an equals sign.
    Assigned,
    /// It is quoted.
    Quoted,
    /// It is a URL.
    Url,
    /// It is an email address.
    Email,
    /// It is the path of a file; the kind of file stays.
    Path,
    /// It is a host and a port.
    Address,
    /// It is a number, a date, a time, a version or a network address.
    Number,
    /// It is the unit of the number before it.
    Unit,
    /// Letters and digits are mixed as in an id.
    Identifier,
    /// It is the name of a host.
    Host,
    /// It is the name of a user or a machine: the word before says so.
    Name,
    /// It is a dotted name that is given as a value.
    DottedName,
    /// It is an object as Python prints it; its class stays.
    Object,
    /// It was redacted.
    Redacted,
    /// A rule of the settings says so.
    Studio,
}

/// How a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Free text: what is quoted is a value.
    Message,
    /// What an exception says about code: a quoted name is the name of what is missing, and tells one problem
    /// from another.
    Code,
}

/// A piece of the text that the settings decide about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixed {
    /// Where it stands.
    pub range: Range<usize>,
    /// Whether it stays as it is; else it is a value.
    pub is_kept: bool,
}

/// A text with plain quotes: some hosts print others, and so does whoever pastes a record from a chat.
#[must_use]
pub fn with_plain_quotes(text: &str) -> Cow<'_, str> {
    // All of them begin so in UTF-8, and little else does.
    if memchr::memchr(0xe2, text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let plain = |next| match next {
        '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' => '\'',
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{201f}' => '"',
        other => other,
    };
    Cow::Owned(text.chars().map(plain).collect())
}

/// Appends the normal form of a text with plain quotes. `fixed` is in the order of the text and does not overlap; each
/// value is handed to `masked`.
pub fn normal_form(
    text: &str,
    reading: Reading,
    fixed: &[Fixed],
    out: &mut String,
    masked: impl FnMut(Mask, &str),
) {
    Walk::new(beginning(text, LONGEST), reading, out, masked).through(fixed);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        let mut out = String::new();
        normal_form(&with_plain_quotes(text), Reading::Message, &[], &mut out, |_, _| ());
        out
    }

    #[test]
    fn words_stay_and_values_go() {
        for (text, want) in [
            ("Took 3.5 s to load 12 files (24.1 MB)", "Took * to load * files *"),
            ("could not connect to 10.1.2.3:443 from render12.studio.com", "could not connect to * from *"),
            ("at 2026-11-22 10:00:01,5 and Fri Jul 15 10:53:09 PDT 2005", "at * and *"),
            ("scene v012 of sq010_sh0020, frames 1001-1100", "scene * of * frames *"),
            ("id 550e8400-e29b-41d4-a716-446655440000 hash deadbeef01", "id * hash *"),
            ("mail to anna@studio.example or see https://site/x?y=1", "mail to * or see *"),
            ("ctx=Context(a, b=[1, 2]), name = x; done", "ctx * name * done"),
            ("rhost= user=root", "rhost user *"),
            ("1, 2, 3 and 4", "* and *"),
            ("Qt5 and utf8 and node12, ws042, blk_-160899968", "Qt* and utf* and node* *"),
            ("is exr2mov there", "is exr2mov there"),
            ("enable..........0", "enable *"),
            ("it isn't anna's", "it isn t anna s"),
            ("node |hero|geo|body_12 is bad", "node * is bad"),
            ("calling com.studio.tool.Thing now", "calling * now"),
            ("raised tank.errors.TankError there", "raised tank.errors.TankError there"),
            ("", ""),
            ("... --- !!!", ""),
        ] {
            assert_eq!(of(text), want, "{text}");
        }
    }

    #[test]
    fn a_path_leaves_its_kind_of_file() {
        for (text, want) in [
            ("cannot read /mnt/show a/shots/x.1001.EXR now", "cannot read *.exr now"),
            ("cannot read P:\\show\\x.ma, \\\\server\\share\\x.nk", "cannot read *.ma *.nk"),
            ("cannot read 'C:\\My own files here\\x.ma'", "cannot read *.ma"),
            ("core /x/core.1234 and read/write", "core * and read write"),
            ("GET /v2/servers/detail.json HTTP/1.1", "GET *"),
        ] {
            assert_eq!(of(text), want, "{text}");
        }
    }

    #[test]
    fn a_number_that_is_a_code_stays() {
        for (text, want) in [
            ("API read() CRUD ERROR #5: no", "API read CRUD ERROR 5 no"),
            ("[Errno 28] No space", "Errno 28 No space"),
            ("HTTP 403, exit status 127, exit code -11", "HTTP 403 exit status 127 exit code -11"),
            ("status: 200 error 0x80004005", "status * error 0x80004005"),
            ("code=404, exit_code=9", "code 404 exit_code 9"),
            ("error 123456789", "error *"),
        ] {
            assert_eq!(of(text), want, "{text}");
        }
    }

    #[test]
    fn a_quotation_is_a_value_a_sentence_or_a_name() {
        for (text, want) in [
            ("Asset 'hero' and \"View Lock\"", "Asset * and *"),
            ("said \"the server is down\" again", "said the server is down again"),
            ("Template 'maya_shot_work' and plug-in \"mtoa\"", "Template maya_shot_work and plug-in mtoa"),
            ("‘smart’ “quotes”", "*"),
            ("{u'type': u'Task', 'id': 3}", "*"),
            ("an 'open one", "an open one"),
        ] {
            assert_eq!(of(text), want, "{text}");
        }
        let mut code = String::new();
        normal_form("No module named 'studio.io'", Reading::Code, &[], &mut code, |_, _| ());
        assert_eq!(code, "No module named studio.io");
    }

    #[test]
    fn a_name_is_known_by_the_word_before_it() {
        for (text, want) in [
            ("session opened for user anna by (uid=0)", "session opened for user * by uid *"),
            ("user interface is gone, user is not allowed", "user interface is gone user is not allowed"),
            ("lost host wolf, server bear: no", "lost host * server * no"),
            ("password for anna from 10.1.2.3", "password for * from *"),
            ("for all from 3", "for * from *"),
            ("<Sgtk App 0x7f7ad1750ad0: x, <E 0x1>> broke", "Sgtk * broke"),
            ("a < b > c", "a b c"),
        ] {
            assert_eq!(of(text), want, "{text}");
        }
    }

    #[test]
    fn the_settings_decide_before_the_rules() {
        let text = "shot bunny of take 12";
        let fixed = [Fixed { range: 5..10, is_kept: false }, Fixed { range: 14..21, is_kept: true }];
        let mut values = Vec::new();
        let mut form = String::new();
        normal_form(text, Reading::Message, &fixed, &mut form, |mask, value| {
            values.push((mask, value.to_owned()));
        });
        assert_eq!((form.as_str(), values), ("shot * of take 12", vec![(Mask::Studio, "bunny".to_owned())]));
    }

    #[test]
    fn no_more_is_read_than_counts() {
        assert_eq!(of(&"é ".repeat(LONGEST)).len(), of(&"é ".repeat(LONGEST * 2)).len());
    }
}
