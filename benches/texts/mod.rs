//! Toolkit logs, the same each time.

use std::fmt::Write as _;

/// As many records without importance as are between two errors.
const QUIET: u32 = 1_000;

/// So many errors, each with a traceback.
pub fn loud_log(errors: u32) -> String {
    let mut log = String::new();
    for number in 0..errors {
        let (second, shot) = (number % 60, number * 7919 % 10_007);
        let header = format!("2026-11-22 10:21:{second:02},207 [4711 ERROR sgtk.env.project.tk-maya]");
        let _ = writeln!(log, "{header} Publish failed for sh{shot}: the scene is locked");
        log.push_str("Traceback (most recent call last):\n");
        for (file, function, source) in FRAMES.iter().skip(number as usize % 2) {
            let _ =
                writeln!(log, "  File \"{file}\", line {}, in {function}\n    {source}", 10 + number % 900);
        }
        let _ = writeln!(log, "KeyError: 'sg_cut_{shot}'");
    }
    log
}

/// So many errors, each among a thousand other records.
pub fn quiet_log(errors: u32) -> String {
    let mut log = String::new();
    for number in 0..errors * QUIET {
        let level = if number % QUIET == 0 { "ERROR" } else { "DEBUG" };
        let (second, pid, item) = (number % 60, 4711 + number % 4, number * 7919 % 10_007);
        let _ = writeln!(
            log,
            "2026-11-22 10:21:{second:02},207 [{pid} {level} sgtk.core.bundle_cache] resolved item {item} in \
             /opt/studio/cache/app_store/tk-multi-publish2/v2.6.1 with parameters {{'entity': {item}}}"
        );
    }
    log
}

const FRAMES: [(&str, &str, &str); 3] = [
    ("/opt/studio/cache/tk-multi-publish2/v2.6.1/hooks/publish.py", "publish", "self._copy(item, settings)"),
    (
        "/opt/studio/install/core/python/tank/platform/bundle.py",
        "execute_hook",
        "return hook.execute(**kwargs)",
    ),
    ("/opt/studio/tools/anim/bake.py", "run", "result = self.frames[scene]"),
];
