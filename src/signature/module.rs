//! Which module a frame's file is, wherever it is installed, and whether a call in it says anything about the problem.

use super::path::{Kind, Parts, begins};

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
    let file = parts.pop();
    let owner = parts.cut();
    let owner = match parts.first().unwrap_or(file) {
        package if owner == Owner::Own => owner_of(package),
        _ => owner,
    };
    let begin = out.len();
    for part in parts.all() {
        // A descriptor of a repository keeps the bundle below the repository's name.
        out.push_str(part.strip_suffix(".git").unwrap_or(part));
        out.push('/');
    }
    out.push_str(stem(file));
    make_lower(out, begin);
    owner
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

impl Parts<'_> {
    /// Leaves what names the package, and says whether it is Python's own.
    #[inline]
    fn cut(&mut self) -> Owner {
        let last = |kind: Kind| self.dirs.clone().rev().find(|at| self.kinds[*at] == kind);
        if let Some(at) = last(Kind::Packages) {
            self.dirs.start = at + 1;
            return Owner::Own;
        }
        // Of a folder only what is below it counts.
        let python = self.dirs.clone().rev().skip(1).find(|at| self.kinds[*at] == Kind::Python);
        if let Some(at) = last(Kind::Bundle) {
            // Each bundle has an `app` and a `dialog`. The core is the core, also where it is installed without its name.
            let core = python.filter(|python| owner_of(self.kept[python + 1]) != Owner::Own);
            self.dirs.start = core.map_or(at, |python| python + 1);
            return Owner::Own;
        }
        let is_library = |at: &usize| match self.kinds[*at] {
            Kind::Library => true,
            Kind::Lib => *at > 0 && begins(self.kept[at - 1], "python"),
            _ => false,
        };
        if let Some(at) = self.dirs.clone().rev().find(is_library) {
            self.dirs.start = at + 1;
            return Owner::Framework("Python's library");
        }
        self.dirs.start = match python {
            Some(at) => at + 1,
            // The folder that it lies in, which is more telling than none, and the least that depends on the place.
            None => self.dirs.start.max(self.dirs.end.saturating_sub(1 + self.trailing_versions())),
        };
        Owner::Own
    }

    fn trailing_versions(&self) -> usize {
        self.dirs.clone().rev().take_while(|at| self.kinds[*at] == Kind::Version).count()
    }
}

fn owner_of(package: &str) -> Owner {
    if !matches!(package.bytes().next(), Some(b't' | b'T' | b's' | b'S' | b'p' | b'P')) {
        return Owner::Own;
    }
    let dot = package.bytes().position(|byte| byte == b'.').unwrap_or(package.len());
    let package = &package[..dot];
    let is = |name: &str| package.eq_ignore_ascii_case(name);
    if ["tank", "sgtk", "tank_vendor", "tk-core"].into_iter().any(is) {
        return Owner::Framework("Toolkit's core");
    }
    if is("shotgun_api3") {
        return Owner::Framework("the site's client");
    }
    if ["pyside", "shiboken"].into_iter().any(|name| begins(package, name)) {
        return Owner::Framework("Qt for Python");
    }
    Owner::Own
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
