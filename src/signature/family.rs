//! Which part of the pipeline a logger belongs to.

use super::module;

/// The family of a logger: its name without what differs between machines, environments and releases.
///
/// tk-core names a bundle's logger `sgtk.env.<environment>.<engine>.<app>` and a module's `sgtk.ext.<its name or path>`
/// (`log.py`, `bundle.py`); a package that was imported by `import_module` has a name of its own at each start.
#[must_use]
pub fn family(logger: &str) -> String {
    let mut out = String::new();
    if logger.contains(['/', '\\']) {
        let path = logger.strip_prefix("sgtk.ext.").unwrap_or(logger);
        module::module(path, &mut out);
        return out;
    }
    let mut parts = logger.split('.').filter(|part| !is_temporary(part)).peekable();
    if parts.peek() == Some(&"sgtk") {
        parts.next();
        match parts.peek() {
            // The environment is what the artist was doing, the engine where. What an engine says itself is mostly the core's
            // code, which runs in each (`platform/engine.py`).
            Some(&"env") => {
                parts.by_ref().take(3).for_each(drop);
                if parts.peek().is_none() {
                    return "engine".to_owned();
                }
            }
            Some(&"ext") => {
                parts.next();
            }
            _ => {}
        }
    }
    for part in parts {
        if !out.is_empty() {
            out.push('.');
        }
        out.push_str(&part.to_ascii_lowercase());
    }
    out
}

/// `tkimp0123456789abcdef`: made anew at each start.
fn is_temporary(part: &str) -> bool {
    let made = part.strip_prefix("tkimp").unwrap_or(if part.len() >= 16 { part } else { "-" });
    !made.is_empty() && made.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logger_is_of_its_app() {
        for (logger, want) in [
            ("sgtk.env.project.tk-maya", "engine"),
            ("sgtk.env.project", "engine"),
            ("sgtk.env.shot_step.tk-maya.tk-multi-publish2", "tk-multi-publish2"),
            ("sgtk.env.asset.tk-nuke.tk-multi-publish2.worker", "tk-multi-publish2.worker"),
            ("sgtk.ext.tkimp0123456789abcdef.tk_desktop.site_communication", "tk_desktop.site_communication"),
            ("sgtk.ext./opt/a b/bundle_cache/tk-desktop/v2.8.4/engine.py", "tk-desktop/engine"),
            ("sgtk.core.platform.bundle", "core.platform.bundle"),
            ("studio.tools", "studio.tools"),
            ("", ""),
        ] {
            assert_eq!(family(logger), want, "{logger}");
        }
    }
}
