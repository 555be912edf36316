//! A program that is asked for something, and may not have the time it likes.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crossbeam_channel::bounded;

/// Bytes of an answer.
const MOST_BYTES: u64 = 256 << 10;

/// No console of its own: one would flash up before the artist.
#[cfg(windows)]
const CREATE_NO_WINDOW: u32 = 0x0800_0000;

/// What a program writes; None if it cannot be started, or has not written all of it in time. It is ended in any case.
pub fn answer(program: &Path, arguments: &[&str], deadline: Duration) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    #[cfg(windows)]
    std::os::windows::process::CommandExt::creation_flags(&mut command, CREATE_NO_WINDOW);
    let mut child = command.spawn().ok()?;
    let (give, given) = bounded(1);
    if let Some(output) = child.stdout.take() {
        // Nobody waits for this thread: a program that was started by that program may hold the pipe for longer.
        let read = move || {
            let mut bytes = Vec::new();
            let read = output.take(MOST_BYTES).read_to_end(&mut bytes);
            give.send(read.map(|_| bytes)).unwrap_or_default();
        };
        std::thread::Builder::new().name("tk-incident-command".into()).spawn(read).ok();
    }
    let bytes = given.recv_timeout(deadline);
    // Whether it has ended by itself or not: both are over after this.
    child.kill().unwrap_or_default();
    child.wait().ok();
    Some(String::from_utf8_lossy(&bytes.ok()?.ok()?).into_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::time::Instant;

    const LONG: Duration = Duration::from_secs(20);

    fn shell(script: &str, deadline: Duration) -> Option<String> {
        answer(Path::new("/bin/sh"), &["-c", script], deadline)
    }

    #[test]
    fn an_answer_is_what_it_writes() {
        assert_eq!(shell("echo one; echo two >&2; cat; exit 3", LONG).as_deref(), Some("one\n"));
        assert_eq!(answer(Path::new("/nowhere/program"), &[], LONG), None);
    }

    #[test]
    fn one_that_is_late_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let pid = folder.path().join("pid");
        let began = Instant::now();
        let script = format!("echo $$ > '{}'; exec sleep 600", pid.display());
        // As long as it takes until the program has begun: a busy machine may need more than one try.
        while std::fs::read_to_string(&pid).unwrap_or_default().is_empty() {
            assert!(began.elapsed() < LONG);
            assert_eq!(shell(&script, Duration::from_millis(200)), None);
        }
        assert!(began.elapsed() < LONG);
        let pid = std::fs::read_to_string(&pid).unwrap();
        assert!(!Path::new("/proc").join(pid.trim()).exists(), "it is gone, and nobody has to wait for it");
    }

    #[test]
    fn no_answer_is_endless() {
        let found = shell("yes", LONG).unwrap();
        assert_eq!(found.len() as u64, MOST_BYTES);
    }

    #[test]
    fn a_pipe_that_somebody_else_holds_is_not_waited_for() {
        let began = Instant::now();
        assert_eq!(shell("sleep 30 & echo begun", Duration::from_millis(300)), None);
        assert!(began.elapsed() < LONG);
    }
}
