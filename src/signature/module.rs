//! Which module a frame's file is, wherever it is installed, and whether a call in it says anything about the problem.

/// What a path's parts are kept in: of a longer one the last ones count.
const MOST_PARTS: usize = 24;

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
    let file = parts.pop().unwrap_or_default();
    let owner = parts.cut();
    let owner = match parts.first().unwrap_or(file) {
        package if owner == Owner::Own => owner_of(package),
        _ => owner,
    };
    for part in parts.all() {
        // A descriptor of a repository keeps the bundle below the repository's name.
        push_lower(out, part.strip_suffix(".git").unwrap_or(part));
        out.push('/');
    }
    push_lower(out, stem(file));
    owner
}

/// `<string>`, `<maya console>`, `<ipython-input-3-1b…>`: what follows a digit differs from time to time.
fn shown_in_brackets(shown: &str, out: &mut String) -> Owner {
    let end = shown.find(|next: char| next.is_ascii_digit() || next == '>').unwrap_or(shown.len());
    out.push('<');
    push_lower(out, &shown[..end]);
    out.push('>');
    if shown.starts_with("frozen ") { Owner::Framework("Python's import machinery") } else { Owner::Own }
}

/// The last parts of a path.
struct Parts<'a> {
    kept: [&'a str; MOST_PARTS],
    first: usize,
    len: usize,
}

impl<'a> Parts<'a> {
    fn of(path: &'a str) -> Self {
        let mut all = Self { kept: [""; MOST_PARTS], first: 0, len: 0 };
        let mut rest = path;
        // From the end: a path that never ends has its last parts.
        while all.len < MOST_PARTS {
            let at = memchr::memrchr2(b'/', b'\\', rest.as_bytes());
            let part = &rest[at.map_or(0, |at| at + 1)..];
            if !part.is_empty() && part != "." {
                all.kept[all.len] = part;
                all.len += 1;
            }
            let Some(at) = at else { break };
            rest = &rest[..at];
        }
        all.kept[..all.len].reverse();
        let root = root(path, &all.kept[..all.len]);
        all.first = root.min(all.len.saturating_sub(1));
        all
    }

    fn pop(&mut self) -> Option<&'a str> {
        self.len = self.len.checked_sub(1)?;
        Some(self.kept[self.len])
    }

    fn all(&self) -> impl Iterator<Item = &'a str> {
        let parts = self.kept[self.first..self.len].iter().copied();
        parts.filter(|part| !is_version(part) && !part.eq_ignore_ascii_case("python"))
    }

    fn first(&self) -> Option<&'a str> {
        self.all().next()
    }

    /// Leaves what names the package, and says whether it is Python's own.
    fn cut(&mut self) -> Owner {
        let is =
            |at: usize, names: &[&str]| names.iter().any(|name| self.kept[at].eq_ignore_ascii_case(name));
        let dirs = self.first..self.len;
        if let Some(at) = dirs.clone().rev().find(|at| is(*at, &["site-packages", "dist-packages"])) {
            self.first = at + 1;
            return Owner::Own;
        }
        let is_bundle =
            |at: &usize| self.kept[*at].get(..3).is_some_and(|start| start.eq_ignore_ascii_case("tk-"));
        let python = dirs.clone().rev().find(|at| is(*at, &["python"]) && at + 1 < self.len);
        if let Some(at) = dirs.clone().rev().find(is_bundle) {
            // Each bundle has an `app` and a `dialog`. The core is the core, also where it is installed without its name.
            let core = python.filter(|python| owner_of(self.kept[python + 1]) != Owner::Own);
            self.first = core.map_or(at, |python| python + 1);
            return Owner::Own;
        }
        let is_library = |at: &usize| {
            is_python(self.kept[*at])
                || is(*at, &["lib"])
                    && *at > 0
                    && self.kept[at - 1].get(..6).is_some_and(|name| name.eq_ignore_ascii_case("python"))
        };
        if let Some(at) = dirs.clone().rev().find(is_library) {
            self.first = at + 1;
            return Owner::Framework("Python's library");
        }
        self.first = match python {
            Some(at) => at + 1,
            // The folder that it lies in, which is more telling than none, and the least that depends on the place.
            None => self.first.max(self.len.saturating_sub(1 + self.trailing_versions())),
        };
        Owner::Own
    }

    fn trailing_versions(&self) -> usize {
        self.kept[self.first..self.len].iter().rev().take_while(|part| is_version(part)).count()
    }
}

/// How many parts say on which drive, in which share and in whose home a path lies.
fn root(path: &str, parts: &[&str]) -> usize {
    let is = |at: usize, names: &[&str]| parts.get(at).is_some_and(|part| names.contains(part));
    let has_drive = parts.first().is_some_and(|first| first.len() == 2 && first.ends_with(':'));
    let drive = usize::from(has_drive);
    if path.starts_with("\\\\") || path.starts_with("//") {
        return 2;
    }
    if is(drive, &["home", "Users", "users"]) || !has_drive && is(0, &["mnt", "net", "Volumes", "media"]) {
        return drive + 2;
    }
    drive
}

fn owner_of(package: &str) -> Owner {
    let package = package.split('.').next().unwrap_or_default();
    let is = |name: &str| package.eq_ignore_ascii_case(name);
    if ["tank", "sgtk", "tank_vendor", "tk-core"].into_iter().any(is) {
        return Owner::Framework("Toolkit's core");
    }
    if is("shotgun_api3") {
        return Owner::Framework("the site's client");
    }
    let starts = |name: &str| package.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    if ["pyside", "shiboken"].into_iter().any(starts) {
        return Owner::Framework("Qt for Python");
    }
    Owner::Own
}

/// `python3.9`, `python27`, `python310.zip`.
fn is_python(part: &str) -> bool {
    part.get(..6).is_some_and(|name| name.eq_ignore_ascii_case("python"))
        && part[6..].starts_with(|next: char| next.is_ascii_digit())
}

/// The folder of a release, or of a commit: `v1.2.3`, `1.2.3`, `9f4ef63`.
fn is_version(part: &str) -> bool {
    let number = part.strip_prefix('v').unwrap_or(part);
    let is_number = number.starts_with(|next: char| next.is_ascii_digit())
        && number.bytes().all(|byte| {
            byte.is_ascii_digit()
                || matches!(byte, b'.' | b'-' | b'_')
                || byte.is_ascii_lowercase() && part.contains('.')
        });
    let is_commit = matches!(part.len(), 7 | 40) && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_number || is_commit
}

fn stem(file: &str) -> &str {
    match file.rsplit_once('.') {
        Some((
            stem,
            "py" | "pyc" | "pyo" | "pyw" | "mel" | "dll" | "so" | "pyd" | "exe" | "dylib" | "mll" | "bundle",
        )) => stem,
        // `libQt5Core.so.5.15.2`
        _ => file.find(".so.").map_or(file, |at| &file[..at]),
    }
}

fn push_lower(out: &mut String, text: &str) {
    if text.is_ascii() {
        let begin = out.len();
        out.push_str(text);
        out[begin..].make_ascii_lowercase();
    } else {
        out.extend(text.chars().flat_map(char::to_lowercase));
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
