//! Which module a frame's file is, wherever it is installed, and whether a call in it says anything about the problem.

use super::path::{Mark, Parts};

/// Whose code a frame is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// A bundle's, a studio's, an artist's: it says which problem this is.
    Own,
    /// Code that runs before the most different problems, for the reason given.
    Framework(&'static str),
}

/// The module that a file is, and its owner. The module is appended to `out`, in small letters, since Windows does not tell
/// them from capitals: `tk-multi-publish2/hooks/collector`.
///
/// What stands before the package, the drive and the version of a bundle are left out: they differ from
/// machine to machine, and from one release to the next.
pub fn module(place: &str, out: &mut String) -> Owner {
    if let Some(shown) = place.strip_prefix('<') {
        return shown_in_brackets(shown, out);
    }
    let mut parts = Parts::of(place);
    let name = find_name(&mut parts);
    let begin = out.len();
    for folder in (1..name.end).rev().map(|number| parts.part(number)).filter(|part| says_something(part)) {
        // A descriptor of a repository keeps the bundle below the repository's name.
        out.push_str(folder.strip_suffix(".git").unwrap_or(folder));
        out.push('/');
    }
    out.push_str(stem(parts.part(0)));
    make_lower(out, begin);
    if name.is_library { Owner::Framework("Python's library") } else { owner_of(&out[begin..]) }
}

/// `<string>`, `<maya console>`, `<ipython-input-3-1b…>`: what follows a digit differs from time to time.
fn shown_in_brackets(shown: &str, out: &mut String) -> Owner {
    let end = shown.find(|next: char| next.is_ascii_digit() || next == '>').unwrap_or(shown.len());
    let begin = out.len();
    out.push('<');
    out.push_str(&shown[..end]);
    out.push('>');
    make_lower(out, begin);
    if shown.starts_with("frozen ") { Owner::Framework("Python's import machinery") } else { Owner::Own }
}

/// Which parts of a path name the module.
struct Name {
    /// The number of the first part that does not, counted from the file.
    end: usize,
    /// Whether they lie in Python's own library.
    is_library: bool,
}

/// Finds, from the file outwards, the folder that says where the module's name begins. Of several the innermost says it,
/// but a folder of Python's own, or one that is called as the language, only where no other does.
fn find_name(parts: &mut Parts<'_>) -> Name {
    let (mut package, mut python, mut lib, mut library) = (None, None, None, None);
    parts.find(|parts, number, mark| {
        // Before it is looked at itself: the `lib` in it is further in.
        if mark.is_pythons() && lib.is_some_and(|lib| lib + 1 == number) {
            library = library.or(lib);
        }
        match mark {
            Mark::Packages => package = Some(number),
            // Each bundle has an `app` and a `dialog`.
            Mark::Bundle => package = Some(number + 1),
            // Of a folder only what is below it counts.
            Mark::Python if number > 1 => {
                // The core is the core, also where it is installed without its name.
                if owner_of(parts.part(number - 1)) != Owner::Own {
                    package = Some(number);
                }
                python = python.or(Some(number));
            }
            Mark::Library => library = library.or(Some(number)),
            Mark::Lib => lib = Some(number),
            Mark::Python | Mark::Home => {}
        }
        package.is_some()
    });
    // The folder that it lies in, which is more telling than none, and the least that depends on the place.
    let nearest = || 2 + (1..parts.count()).take_while(|number| is_version(parts.part(*number))).count();
    let is_library = package.is_none() && library.is_some();
    let end = package.or(library).or(python).unwrap_or_else(nearest).min(parts.count());
    Name { end, is_library }
}

/// Whose a module is, by the first part of its name.
fn owner_of(module: &str) -> Owner {
    // Most begin otherwise.
    if !matches!(module.bytes().next(), Some(b't' | b'T' | b's' | b'S' | b'p' | b'P')) {
        return Owner::Own;
    }
    let end = module.bytes().position(|byte| matches!(byte, b'/' | b'.')).unwrap_or(module.len());
    let package = &module[..end];
    let is = |name: &str| package.eq_ignore_ascii_case(name);
    let begins = |name: &str| package.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name));
    if ["tank", "sgtk", "tank_vendor", "tk-core"].into_iter().any(is) {
        Owner::Framework("Toolkit's core")
    } else if is("shotgun_api3") {
        Owner::Framework("the site's client")
    } else if begins("pyside") || begins("shiboken") {
        Owner::Framework("Qt for Python")
    } else {
        Owner::Own
    }
}

/// Whether a folder says which module this is, and not which release of it.
fn says_something(folder: &str) -> bool {
    !(is_version(folder) || folder.eq_ignore_ascii_case("python"))
}

/// The folder of a release, or of a commit: `v1.2.3`, `1.2.3`, `9f4ef63`.
fn is_version(folder: &str) -> bool {
    is_release(folder) || is_commit(folder)
}

fn is_release(folder: &str) -> bool {
    let number = folder.strip_prefix('v').unwrap_or(folder);
    let is_of_one = |byte: u8| match byte {
        b'0'..=b'9' | b'.' | b'-' | b'_' => true,
        b'a'..=b'z' => folder.contains('.'),
        _ => false,
    };
    number.as_bytes().first().is_some_and(u8::is_ascii_digit) && number.bytes().all(is_of_one)
}

fn is_commit(folder: &str) -> bool {
    matches!(folder.len(), 7 | 40) && folder.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn stem(file: &str) -> &str {
    let dot = file.bytes().rposition(|byte| byte == b'.').unwrap_or(file.len());
    match file.get(dot + 1..) {
        Some(
            "py" | "pyc" | "pyo" | "pyw" | "mel" | "dll" | "so" | "pyd" | "exe" | "dylib" | "mll" | "bundle",
        ) => &file[..dot],
        // `libQt5Core.so.5.15.2`
        _ => file.find(".so.").map_or(file, |at| &file[..at]),
    }
}

/// Makes small letters of what stands behind this offset.
fn make_lower(out: &mut String, begin: usize) {
    let text = &mut out[begin..];
    if text.is_ascii() {
        text.make_ascii_lowercase();
    } else {
        let lower: String = text.chars().flat_map(char::to_lowercase).collect();
        out.truncate(begin);
        out.push_str(&lower);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(place: &str) -> (String, bool) {
        let mut out = String::new();
        let owner = module(place, &mut out);
        (out, owner == Owner::Own)
    }

    #[test]
    fn a_bundle_is_the_same_wherever_it_is_installed() {
        for place in [
            "/studio/bundle_cache/app_store/tk-multi-publish2/v2.4.1/hooks/collector.py",
            "P:\\cache\\app_store\\tk-multi-publish2\\v2.10.0\\hooks\\collector.py",
            "\\\\server\\share\\git\\TK-multi-publish2.git\\tk-multi-publish2\\9f4ef63\\hooks\\Collector.pyc",
            "/home/anna/dev/tk-multi-publish2/hooks/collector.py",
        ] {
            assert_eq!(of(place), ("tk-multi-publish2/hooks/collector".to_owned(), true), "{place}");
        }
        for place in ["/x/tk-multi-x/v1.2.3/python/app/api.py", "D:\\dev\\tk-multi-x\\python\\app\\api.py"] {
            assert_eq!(of(place).0, "tk-multi-x/app/api", "{place}");
        }
    }

    #[test]
    fn a_script_keeps_its_folder_and_nobodys_home() {
        for (place, want) in [
            ("/studio/config/hooks/publish.py", "hooks/publish"),
            ("P:\\show\\config\\hooks\\publish.py", "hooks/publish"),
            ("/home/anna/startup.py", "startup"),
            ("C:\\Users\\anna\\startup.py", "startup"),
            ("C:\\startup.py", "startup"),
            ("\\\\server\\share\\startup.py", "startup"),
            ("/mnt/tools/startup.py", "startup"),
            ("/studio/tools/v1.2/startup.py", "tools/startup"),
            ("a.py", "a"),
            ("", ""),
        ] {
            assert_eq!(of(place), (want.to_owned(), true), "{place}");
        }
    }

    #[test]
    fn the_way_to_the_code_is_told_from_the_code() {
        for (place, want) in [
            ("/usr/lib/python3.9/json/decoder.py", "json/decoder"),
            ("C:\\Program Files\\Shotgun\\Python3\\lib\\zipfile.py", "zipfile"),
            ("C:\\Program Files\\Autodesk\\Maya2024\\Python\\Lib\\json\\decoder.py", "json/decoder"),
            ("/usr/autodesk/maya2023/lib/python39.zip/json/decoder.py", "json/decoder"),
            ("/x/install/core/python/tank/platform/engine.py", "tank/platform/engine"),
            ("/x/tk-core/v0.24.1/python/tank/platform/engine.py", "tank/platform/engine"),
            ("<frozen importlib._bootstrap>", "<frozen importlib._bootstrap>"),
        ] {
            assert_eq!(of(place), (want.to_owned(), false), "{place}");
        }
        for (place, want) in [
            ("/usr/lib/python3.9/site-packages/numpy/core/x.py", "numpy/core/x"),
            ("<maya console>", "<maya console>"),
            ("<ipython-input-3-1b2c>", "<ipython-input->"),
        ] {
            assert_eq!(of(place), (want.to_owned(), true), "{place}");
        }
    }
}
