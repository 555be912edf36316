//! Tracebacks as interpreters and hosts print them: `tests/tracebacks/` has what `CPython` shows of `raises.py`.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use tk_incident_core::record::traceback::{Language, Link, Traceback, find};
use tk_incident_core::record::{Parts, traceback};

const VERSIONS: [&str; 4] = ["2.7", "3.9", "3.11", "3.13"];

/// What a version of `CPython` shows: the name of what was raised, and the text.
fn shown(version: &str) -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/tracebacks/{version}.txt"));
    // Git may have made Windows' lines of them.
    let text = fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    let section = |section: &str| {
        let (name, text) = section.split_once('\n').unwrap();
        (name.to_owned(), text.to_owned())
    };
    text.strip_prefix("## ").unwrap().split("\n## ").map(section).collect()
}

/// A traceback in short: each link on a line, nested ones indented, with its frames: `KeyError 'a' < f g*3 h`.
fn shape(found: &Traceback<'_>) -> String {
    found.links.iter().map(link).collect::<Vec<_>>().join("\n")
}

fn link(link: &Link<'_>) -> String {
    let exception = link.exception.map_or("?".to_owned(), |shown| {
        format!("{} {}", shown.short_name(), shown.message).trim_end().to_owned()
    });
    let frame = |frame: &traceback::Frame<'_>| {
        let times = if frame.times > 1 { format!("*{}", frame.times) } else { String::new() };
        format!(" {}{times}", frame.function.unwrap_or(frame.place))
    };
    let frames: String = link.frames.iter().map(frame).collect();
    format!("{}{} {exception} <{frames}", "  ".repeat(link.depth as usize), link.relation.name())
}

fn read(text: &str) -> String {
    find(text).map_or("nothing".to_owned(), |found| shape(&found))
}

fn explaining(text: &str) -> Option<String> {
    let found = find(text)?;
    let exception = found.explaining()?;
    Some(format!("{} {}", exception.short_name(), exception.message).trim_end().to_owned())
}

#[test]
fn what_cpython_shows() {
    let group = "root ExceptionGroup outer (3 sub-exceptions) < show group\n  member KeyError 'shot' < caught plain missing\n  \
                 member TypeError first <\n  member ExceptionGroup inner (2 sub-exceptions) <\n    member KeyError 'shot' < \
                 caught missing\n    member FileNotFoundError [Errno 2] no such file <";
    let want = [
        ("plain", "root KeyError 'shot' < show plain missing"),
        ("without_message", "root AssertionError < show without_message"),
        ("empty_key", "root KeyError '' < show empty_key"),
        ("local_class", "root Odd no: way < show local_class"),
        ("compiled", "root ValueError café < show compiled <module> f"),
        ("several_lines", "root RuntimeError first: line < show several_lines"),
        (
            "quoted",
            "root RuntimeError Remote traceback: < show quoted\n  quoted KeyError 'shot' < quoted missing",
        ),
        ("statement", "root KeyError 'shot' < show statement"),
        ("recursion", "root ValueError deep < show recursion descend*21"),
        ("cycle", "root ValueError deep < show cycle even*9 odd*9"),
        ("syntax", "root SyntaxError invalid syntax < show syntax /studio/a b/c.py"),
        (
            "chain",
            "root KeyError 'shot' < chain missing\ncause ValueError no shot < chain\ncontext RuntimeError not published < show chain",
        ),
        ("never_raised", "root KeyError 'shot' <\ncause RuntimeError not published < show never_raised"),
        ("größer", "root Größe größer 日本 < show größer"),
        ("notes", "root ValueError no shot < show notes"),
        ("group", group),
        (
            "group_in_a_chain",
            "root KeyError 'shot' < group_in_a_chain missing\ncause ExceptionGroup outer (1 sub-exception) < show \
             group_in_a_chain\n  member KeyError 'shot' < caught plain missing",
        ),
        (
            "chain_in_a_group",
            "root ExceptionGroup outer (2 sub-exceptions) < show chain_in_a_group\n  member KeyError 'shot' < publish \
             missing\n  cause ValueError not published < caught publish\n  member KeyError 'shot' < caught plain missing",
        ),
        (
            "chained_groups",
            "root ExceptionGroup (2 sub-exceptions) < show\n  member ExceptionGroup outer (2 sub-exceptions) < \
             chained_groups group\n    member KeyError 'shot' < caught plain missing\n    member ExceptionGroup inner \
             (1 sub-exception) <\n      member KeyError 'shot' < caught missing\n  cause RuntimeError after < \
             chained_groups\n  member ExceptionGroup outer (2 sub-exceptions) < chained_groups group\n    member \
             TypeError first <\n    member ExceptionGroup inner (1 sub-exception) <\n      member FileNotFoundError \
             [Errno 2] no such file <",
        ),
    ];
    for (name, text) in shown("3.13") {
        if let Some((_, want)) = want.iter().find(|(known, _)| *known == name) {
            assert_eq!(&read(&text), want, "{name}");
        }
    }
}

#[test]
fn the_versions_of_python_show_one_thing() {
    let newest = shown("3.13");
    for version in VERSIONS {
        let texts = shown(version);
        assert!(texts.len() >= 13, "{version}");
        for (name, text) in texts {
            // What they say differs: the messages of the interpreter itself, and how text is escaped.
            let calls = |text: &str| {
                let found = find(text).unwrap();
                let link = |link: &Link<'_>| {
                    let functions =
                        link.frames.iter().map(|frame| (frame.function.map(str::to_owned), frame.times));
                    (
                        link.relation,
                        link.depth,
                        link.exception.unwrap().short_name().to_owned(),
                        functions.collect(),
                    )
                };
                found.links.iter().map(link).collect::<Vec<(_, _, _, Vec<_>)>>()
            };
            let (_, same) = newest.iter().find(|(known, _)| *known == name).unwrap();
            assert_eq!(calls(&text), calls(same), "{name} of {version}");
        }
    }
}

/// Each line of a text, rewritten.
fn each(text: &str, rewrite: impl Fn(&str) -> String) -> String {
    text.lines().map(rewrite).collect::<Vec<_>>().join("\n")
}

/// Checks that a rewrite changes nothing in what is read.
fn stays(rewritten: &str, rewrite: impl Fn(&str) -> String) {
    for version in VERSIONS {
        for (name, text) in shown(version) {
            let new = rewrite(&text);
            assert_eq!(read(&new), read(&text), "{name} of {version}, {rewritten}:\n{new}");
        }
    }
}

#[test]
fn what_hosts_put_before_each_line() {
    stays("as Maya shows Python's", |text| each(text, |line| format!("# {line}")) + " # ");
    stays("as Maya shows MEL's", |text| {
        each(text, |line| format!("// {line}").trim_end().to_owned()) + " // "
    });
    stays("after the message", |text| format!("# Error: no\n{}", each(text, |line| format!("# {line}"))));
    stays("in Unreal", |text| each(text, |line| format!("LogPython: Error: {line}")));
    let time = "[2026.11.22-00.21.30:207][ 12]LogPython: Error: ";
    stays("in Unreal, with the time", |text| {
        each(text, |line| format!("{time}{line}").trim_end().to_owned())
    });
}

#[test]
fn what_is_lost_on_the_way() {
    stays("with CRLF", |text| text.replace('\n', "\r\n"));
    stays("without indentation", |text| match text.matches("Exception Group Traceback").count() {
        // Where two groups end at once, nothing else tells which of them its chain goes on from.
        3.. => text.to_owned(),
        _ => each(text, |line| line.trim_start().to_owned()),
    });
    stays("further in", |text| each(text, |line| format!("    {line}")));
    stays("behind a tab", |text| each(text, |line| format!("\t{line}")));
    stays("with smart quotes", |text| {
        each(text, |line| {
            let is_frame = line.trim_start().starts_with("File ");
            if is_frame { line.replacen('"', "“", 1).replacen('"', "”", 1) } else { line.to_owned() }
        })
    });
    stays("without its first line", |text| match text.split_once('\n').unwrap() {
        (title, rest) if title.ends_with("(most recent call last):") => rest.to_owned(),
        _ => text.to_owned(),
    });
}

#[test]
fn the_root_cause_explains() {
    let explained = |name: &str| {
        let text = shown("3.13").into_iter().find(|(known, _)| known == name).unwrap().1;
        explaining(&text).unwrap()
    };
    for name in
        ["chain", "never_raised", "quoted", "group", "group_in_a_chain", "chain_in_a_group", "chained_groups"]
    {
        assert_eq!(explained(name), "KeyError 'shot'", "{name}");
    }
    assert_eq!(explained("many"), "ValueError 0", "the first of a group");
}

#[test]
fn text_before_and_behind() {
    let text = &shown("3.11").remove(0).1;
    let body = format!("[PROXY] App failed\nto start\n{text}\n\nIt will not be loaded.");
    let parts = Parts::of(&body);
    assert_eq!(parts.message, "App failed\nto start");
    assert_eq!(parts.exception().unwrap().name, "KeyError");
    let found = find(&body).unwrap();
    assert_eq!(&body[found.range.clone()], text.trim_end());
    assert_eq!(body[found.range.end..].trim(), "It will not be loaded.");
    // On the title's line.
    let body = format!("Error: {text}");
    assert_eq!(Parts::of(&body).message, "", "it is the header of a plain log");
    assert_eq!(read(&body), read(text));
    // Twice: the first explains.
    let (first, second) = (text.replace("shot", "first"), text.replace("shot", "second"));
    for between in ["\n", "\n\n", "\n\nand then:\n", "\n\nand then:\n\n"] {
        let both = format!("{first}{between}{second}");
        assert_eq!(read(&both), read(&first), "{between:?}");
    }
}

#[test]
fn a_lost_last_line() {
    let frames = "  File \"/a b/c.py\", line 7, in g\n    h()\n";
    let want = "root ? < g";
    for text in [
        frames.to_owned(),
        frames.replace("  ", ""),
        format!("Traceback (most recent call last):\n{frames}"),
        format!("it failed\n{frames}later: it was tried\nagain"),
        format!("Traceback (most recent call last):\n{frames}\nlater it was tried again"),
    ] {
        assert_eq!(read(&text), want, "{text}");
        assert_eq!(find(&text).unwrap().explaining(), None);
    }
    let proxied = format!("2026-11-22 00:21:30,207 [7 ERROR sgtk.x] [PROXY] {frames}");
    let parts = Parts::of(&proxied);
    assert!(parts.traceback.is_some() && parts.message.is_empty());
    assert_eq!(parts.said(), "in g, /a b/c.py", "calls alone are what is said");
    let chained = format!(
        "{frames}\nDuring handling of the above exception, another exception occurred:\n\n{frames}ValueError: no"
    );
    assert_eq!(read(&chained), "root ? < g\ncontext ValueError no < g");
    assert_eq!(explaining(&chained).unwrap(), "ValueError no", "what is left");
}

#[test]
fn without_indentation_source_is_no_exception() {
    let source = [
        "else: pass",
        "error: str = x",
        "return",
        "self.value",
        "Foo",
        "x.y",
        "raise KeyError(1)",
        "except ValueError:",
    ];
    for source in source {
        let frame = |name| format!("File \"a.py\", line 1, in {name}\n{source}\n");
        let text = format!("{}{}OSError: [Errno 2] no", frame("f"), frame("g"));
        assert_eq!(read(&text), "root OSError [Errno 2] no < f g", "{source}");
    }
    let statement =
        "File \"a.py\", line 1, in f\nraise ValueError(\n...<2 lines>...\n)\n^^^^\nsocket.timeout: timed out";
    assert_eq!(read(statement), "root timeout timed out < f");
    let error = "File \"<string>\", line 1, in f\nKeyError: 'a'\nthe second line of it";
    assert_eq!(find(error).unwrap().explaining().unwrap().rest, "the second line of it");
}

#[test]
fn places_and_names() {
    let text = "Traceback (most recent call last):\n  File \"\\\\srv\\show 1\\a \"b\".py\", line 3, in <lambda>\n    x\n  \
                File \"<maya console>\", line 1, in <module>\n  File \"C:\\Program Files\\größe.py\", line 2, in größe\n\
                0f3ac4.Größe: \u{65e5}\u{672c}";
    let found = find(text).unwrap();
    let frames: Vec<_> = found.links[0].frames.iter().map(|frame| (frame.place, frame.line)).collect();
    let places = ["\\\\srv\\show 1\\a \"b\".py", "<maya console>", "C:\\Program Files\\größe.py"];
    assert_eq!(frames, [(places[0], Some(3)), (places[1], Some(1)), (places[2], Some(2))]);
    assert!(found.links[0].frames.iter().all(|frame| frame.language == Language::Python));
    assert_eq!(found.explaining().unwrap().name, "0f3ac4.Größe");
}

#[test]
fn a_quoted_traceback_explains() {
    let inner = "Traceback (most recent call last):\n  File \"b.py\", line 2, in g\n    h()\nKeyError: 'a'";
    let outer = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\n";
    let want = |message: &str| {
        format!("root tank.TankError {message} < f\n  quoted KeyError 'a' < g").replace("tank.", "")
    };
    for (message, between) in [
        ("Traceback (most recent call last):", ""),
        ("failed: Traceback (most recent call last):", ""),
        ("failed:", "\n"),
        ("failed", "\n-----\n"),
    ] {
        let inner = if between.is_empty() { inner.split_once(":\n").unwrap().1 } else { inner };
        let between = if between.is_empty() { "\n" } else { between };
        let text = format!("{outer}tank.TankError: {message}{between}{inner}");
        assert_eq!(read(&text), want(message), "{text}");
        assert_eq!(explaining(&text).unwrap(), "KeyError 'a'");
    }
    // As the pools of `concurrent.futures` and `multiprocessing` show what failed in a worker.
    let worker = format!(
        "concurrent.futures.process._RemoteTraceback: \n\"\"\"\n{inner}\n\"\"\"\n\nThe above exception was the direct \
         cause of the following exception:\n\n{outer}KeyError: 'a'"
    );
    assert_eq!(read(&worker), "root KeyError 'a' < g\ncause KeyError 'a' < f");
    let worker = format!("{outer}{worker}");
    assert_eq!(explaining(&worker).unwrap(), "KeyError 'a'");
    // Words of a message are no calls.
    let said = format!(
        "{outer}OSError: see Traceback and File \"x.py\", line 1, in f\n  File \"y.py\", line 2, in g"
    );
    assert_eq!(read(&said), "root OSError see Traceback and File \"x.py\", line 1, in f < f");
}

#[test]
fn other_ends() {
    let frames = "  File \"a.py\", line 1, in f\n    g()\n";
    let logged = format!(
        "Traceback (most recent call last):\n{frames}KeyError: 'a'\nStack (most recent call last):\n{frames}"
    );
    assert_eq!(read(&logged), "root KeyError 'a' < f", "the log call's own stack");
    assert_eq!(read(&format!("x\nStack (most recent call last):\n{frames}Note: x")), "root ? < f");
    let fatal = "Fatal Python error: Aborted\n\nThread 0x00007f00 (most recent call first):\n  File \"a.py\", line 1 in g\n  \
                 File \"a.py\", line 2 in f\n\nCurrent thread 0x00007f01 (most recent call first):\n  File \"b.py\", line 3 in h\n";
    assert_eq!(read(fatal), "root ? < f g");
    assert_eq!(Parts::of(fatal).message, "Fatal Python error: Aborted");
    let script = "  File \"a.py\", line 3\n    foo bar\n        ^\nSyntaxError: invalid syntax";
    assert_eq!(read(script), "root SyntaxError invalid syntax < a.py");
}

#[test]
fn other_languages() {
    let mel = "// Error: file: C:/a b/x.mel line 12: Cannot find procedure \"foo\". //";
    let found = find(mel).unwrap();
    assert_eq!(found.links[0].frames[0].language, Language::Mel);
    assert_eq!(explaining(mel).unwrap(), "Error Cannot find procedure \"foo\".");
    let crash = "Fatal Error. Attempting to save\nStack trace:\n  OGS.dll!Tfoo::update\n  OGS.dll!Tfoo::update\n  \
                 Qt5Core.dll!QObject::event\n\nmore";
    let found = find(crash).unwrap();
    assert_eq!(found.links[0].frames[0].language, Language::Native);
    assert_eq!(read(crash), "root ? < QObject::event Tfoo::update*2");
    let text = "# Error: no shot\n# Traceback (most recent call last):\n#   File \"<maya console>\", line 1, in f\n# \
                KeyError: 'a' #";
    assert_eq!((read(text).as_str(), &*Parts::of(text).message), ("root KeyError 'a' < f", "no shot"));
}

proptest! {
    #[test]
    fn a_recursion_keeps_the_number_of_its_calls(calls in prop::collection::vec((0..4_u32, 0..3_u32), 1..80)) {
        let line = |(function, line): &(u32, u32)| format!("  File \"a.py\", line {line}, in f{function}\n    g()\n");
        let text: String = calls.iter().map(line).collect();
        let found = find(&text).unwrap();
        let frames = &found.links[0].frames;
        prop_assert_eq!(frames.iter().map(|frame| frame.times as usize).sum::<usize>(), calls.len());
        for function in 0..4 {
            let name = format!("f{function}");
            let of = |frame: &&traceback::Frame<'_>| frame.function == Some(&name);
            let counted: usize = frames.iter().filter(of).map(|frame| frame.times as usize).sum();
            prop_assert_eq!(counted, calls.iter().filter(|call| call.0 == function).count());
        }
        let (innermost, line) = calls[calls.len() - 1];
        let name = format!("f{innermost}");
        let last = frames.last().unwrap();
        prop_assert_eq!((last.function, last.line), (Some(&name[..]), Some(line)), "where it happened");
    }
}

#[test]
fn ordinary_messages_are_no_tracebacks() {
    for text in [
        "",
        "File \"a.ma\" not found",
        "File \"a.ma\", line 3: syntax error",
        "File \"a.ma\", line 3, in the middle\nof the night",
        "KeyError: 'a'",
        "it failed\nValueError: no",
        "Traceback (most recent call last):",
        "see Traceback (most recent call last): below\nValueError: no",
        "no Traceback (most recent call last):\nValueError: no",
        "Traceback (most recent call last):\nnothing else: that is odd",
        "Error: line 1: no",
        "During handling of the above exception, another exception occurred:",
        "The above exception was the direct cause of the following exception:\n\nno",
        "#1 the first\n#2 the second",
        "Done!\nAll!",
        "| a | b |\n+---+---+\n| 1 | 2 |",
        "  + item\n  | text",
        "1  a  0x1\n2  b  0x2",
        "# a heading\n# another: one",
        "// a comment",
    ] {
        assert_eq!(find(text), None, "{text}");
    }
}

#[test]
fn hostile_input_takes_linear_time() {
    let title = "Traceback (most recent call last):\n";
    let frame = "  File \"a.py\", line 1, in f\n";
    let group = "  + Exception Group Traceback (most recent call last):\n  |   File \"a\", line 1, in f\n  | ExceptionGroup: x\n";
    let chain = "KeyError: 'a'\n\nDuring handling of the above exception, another exception occurred:\n\n";
    // Some 10 ms where nothing else runs and the compiler was asked to hurry; what grows with the square takes minutes.
    let most = std::time::Duration::from_secs(10);
    for (head, part) in [
        ("", "File \""),
        ("", "  File \"a\", line 1"),
        ("", "File \"a\", line 1\n"),
        ("", frame),
        ("", "#0 "),
        ("", "#0 0x1 in f ()\nx\n"),
        ("", "#0 0x1 in f () from x\n#1 0x1 in g () from y\n"),
        ("", "a.dll!f\n"),
        ("", "a!"),
        ("", "+-"),
        (group, "+-+- 1 -\n"),
        (group, "+- 2 -\n"),
        (group, "| x\n"),
        ("", title),
        ("", "x: Traceback (most recent call last):"),
        ("", &format!("{title}{frame}")),
        (&format!("{title}{frame}"), chain),
        (
            &format!("{title}{frame}"),
            "RuntimeError: Traceback (most recent call last):\n  File \"a\", line 1, in f\n",
        ),
        (&format!("{title}{frame}RuntimeError:\n"), "\n"),
        ("", chain),
        ("", "// Error: "),
        ("", "// Error: file: a line "),
        ("", "Start of trace: ("),
        ("", "LogPython: "),
        ("", "[L"),
        ("", "a."),
        ("", " "),
        ("", "\n"),
        ("", "(("),
    ] {
        let text = format!("{head}{}", part.repeat((1 << 20) / part.len()));
        let begin = std::time::Instant::now();
        let found = find(&text);
        let took = begin.elapsed();
        assert!(took < most, "{part:?} behind {head:?} takes {took:?}: {:?}", found.map(|found| found.range));
    }
}
