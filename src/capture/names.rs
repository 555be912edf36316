//! Names that every system takes where the archive is opened.

use std::path::Path;

/// Bytes of a name: what was fine here may be unpacked far down.
const LONGEST: usize = 100;

/// Windows takes these for devices, whatever the ending.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// The same with a digit behind them.
const NUMBERED_DEVICES: [&str; 2] = ["COM", "LPT"];

/// Names for members, none of which is taken twice: two that differ in case only are one on most machines of artists.
#[derive(Debug, Default)]
pub struct Names {
    /// In lower case.
    taken: Vec<String>,
}

impl Names {
    /// A name of its own for a member that would like to be called so.
    pub fn take(&mut self, wanted: &str) -> String {
        let safe = safe(wanted);
        let mut name = safe.clone();
        let mut number = 1;
        while self.taken.contains(&name.to_lowercase()) {
            number += 1;
            let stem = within(&safe, LONGEST - 12);
            name = format!("{number}-{stem}");
        }
        self.taken.push(name.to_lowercase());
        name
    }
}

/// What a log is called in the archive, before others have the name.
pub fn of_file(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn safe(wanted: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "._-".contains(c) { c } else { '_' };
    let name: String = wanted.chars().map(plain).collect();
    let name = within(&name, LONGEST - 1);
    // Windows drops dots at the end, Unix hides a name that begins with one.
    let name = name.trim_end_matches('.');
    let device = name.split('.').next().unwrap_or_default().to_uppercase();
    let is_numbered = NUMBERED_DEVICES.iter().any(|prefix| {
        let number = device.strip_prefix(prefix).map(|rest| rest.chars().collect::<Vec<_>>());
        // These, too: COM¹ is COM1.
        number.is_some_and(|rest| matches!(rest[..], [c] if c.is_ascii_digit() || "¹²³".contains(c)))
    });
    if name.is_empty() || name.starts_with('.') || is_numbered || DEVICES.contains(&device.as_str()) {
        return format!("_{name}");
    }
    name.to_owned()
}

/// A name without its middle: how it begins says whose it is, how it ends what it is.
fn within(name: &str, most: usize) -> String {
    if name.len() <= most {
        return name.to_owned();
    }
    let (mut head, mut tail) = (most / 2, name.len() - most / 2);
    while !name.is_char_boundary(head) {
        head -= 1;
    }
    while !name.is_char_boundary(tail) {
        tail += 1;
    }
    format!("{}{}", &name[..head], &name[tail..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_on_every_system() {
        for (wanted, want) in [
            ("tk-maya.log", "tk-maya.log"),
            ("tk-maya.log.1", "tk-maya.log.1"),
            ("tk-Ünï.log", "tk-Ünï.log"),
            ("CON", "_CON"),
            ("nul.txt", "_nul.txt"),
            ("aux.log", "_aux.log"),
            ("Com1.log.1", "_Com1.log.1"),
            ("lpt².log", "_lpt².log"),
            ("com10.log", "com10.log"),
            ("console.log", "console.log"),
            ("a<b>:c\"d/e\\f|g?h*i\n.log", "a_b__c_d_e_f_g_h_i_.log"),
            ("ends.log. .", "ends.log._"),
            ("ends.log...", "ends.log"),
            ("..", "_"),
            (".hidden", "_.hidden"),
            ("../../x", "_.._.._x"),
            ("", "_"),
        ] {
            assert_eq!(Names::default().take(wanted), want, "{wanted:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_beginning_and_its_end() {
        let long = format!("tk-{}.log.1", "é".repeat(200));
        let mut names = Names::default();
        for _ in 0..12 {
            let name = names.take(&long);
            assert!(name.len() <= LONGEST && name.contains("tk-é") && name.ends_with("é.log.1"), "{name}");
        }
        // What a cut leaves at the end is looked at, too.
        assert!(Names::default().take(&"CON.".repeat(100)).starts_with("_CON."));
    }

    #[test]
    fn no_two_are_one_where_case_does_not_count() {
        let mut names = Names::default();
        let taken = ["tk-A.log", "tk-a.log", "TK-A.LOG", "tk-b.log", "tk?b.log", "tk*b.log"]
            .map(|name| names.take(name));
        assert_eq!(taken, ["tk-A.log", "2-tk-a.log", "3-TK-A.LOG", "tk-b.log", "tk_b.log", "2-tk_b.log"]);
    }
}
