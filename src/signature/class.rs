//! Exception classes whose names differ between Pythons.

/// The class under one name: without its module, which Python 2 does not show, and by the name that Python 3 gives it.
///
/// Python 3.3 made `IOError` and `WindowsError` names of `OSError` and gave some error numbers a class each (PEP 3151); the number
/// is in the message. 3.6 split `ModuleNotFoundError` from `ImportError`.
#[must_use]
pub fn canonical(name: &str) -> &str {
    if let "socket.error" | "select.error" | "os.error" = name {
        return "OSError";
    }
    match name.rsplit('.').next().unwrap_or(name) {
        "IOError"
        | "EnvironmentError"
        | "WindowsError"
        | "FileNotFoundError"
        | "PermissionError"
        | "FileExistsError"
        | "NotADirectoryError"
        | "IsADirectoryError"
        | "ConnectionRefusedError"
        | "ConnectionResetError"
        | "ConnectionAbortedError"
        | "BrokenPipeError"
        | "TimeoutError"
        | "InterruptedError"
        | "BlockingIOError"
        | "ChildProcessError"
        | "ProcessLookupError" => "OSError",
        "ModuleNotFoundError" => "ImportError",
        short => short,
    }
}

/// Whether its message names a piece of code (an attribute, a module, a key), so that a quoted name in it is
/// what the problem is about. `class` is canonical.
#[must_use]
pub fn is_about_code(class: &str) -> bool {
    matches!(
        class,
        "AttributeError"
            | "ImportError"
            | "IndexError"
            | "KeyError"
            | "LookupError"
            | "NameError"
            | "NotImplementedError"
            | "SyntaxError"
            | "IndentationError"
            | "TabError"
            | "TypeError"
            | "UnboundLocalError"
    )
}

/// What an exception says, as every Python says it. `class` is canonical.
#[must_use]
pub fn said<'a>(class: &str, message: &'a str) -> &'a str {
    match class {
        // 3.10 and later guess what was meant; 3.7 and later say where they looked.
        "AttributeError" | "ImportError" | "NameError" => {
            let message = message.find(". Did you ").map_or(message, |end| &message[..end]);
            let looked = message.starts_with("cannot import name").then(|| message.find(" from ")).flatten();
            let message = looked.map_or(message, |end| &message[..end]);
            // Python 2 does not say which module.
            if message.starts_with("module ") {
                return message.find("has no attribute").map_or(message, |begin| &message[begin..]);
            }
            message.strip_prefix("'module' object ").unwrap_or(message)
        }
        // 3.10 and later name the class of a method, too.
        "TypeError" => {
            let call = message.find("()").unwrap_or(0);
            let is_name = |next: char| next == '.' || next == '_' || next.is_alphanumeric();
            let qualified =
                message[..call].chars().all(is_name).then(|| message[..call].rfind('.')).flatten();
            qualified.map_or(message, |dot| &message[dot + 1..])
        }
        _ => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_class_has_one_name() {
        for (name, want) in [
            ("tank.errors.TankError", "TankError"),
            ("IOError", "OSError"),
            ("FileNotFoundError", "OSError"),
            ("ModuleNotFoundError", "ImportError"),
            ("socket.error", "OSError"),
            ("m.f.<locals>.Odd", "Odd"),
        ] {
            assert_eq!(canonical(name), want, "{name}");
        }
    }

    #[test]
    fn every_python_says_the_same() {
        for (class, message, want) in [
            ("NameError", "name 'x' is not defined. Did you mean: 'y'?", "name 'x' is not defined"),
            ("ImportError", "cannot import name 'x' from 'y' (/z/y.py)", "cannot import name 'x'"),
            ("AttributeError", "module 'x' has no attribute 'y'", "has no attribute 'y'"),
            ("AttributeError", "'module' object has no attribute 'y'", "has no attribute 'y'"),
            (
                "TypeError",
                "A.f() missing 1 required positional argument: 'x'",
                "f() missing 1 required positional argument: 'x'",
            ),
            ("TypeError", "must be str, not f()", "must be str, not f()"),
            ("ValueError", "no. Did you look?", "no. Did you look?"),
        ] {
            assert_eq!(said(class, message), want);
        }
    }
}
