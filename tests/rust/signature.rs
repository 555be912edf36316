//! Signatures: pinned keys, what is linear, what the settings change, and what is said of it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tk_incident_core::pipeline::{checked, explained};
use tk_incident_core::signature;

use super::support::is_long;

const HEADER: &str = "2026-11-22 00:21:30,207 [7 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] ";

/// `tests/logs/signatures.json` holds texts with their keys: a key that changes opens a second ticket for every problem
/// that it stands for. A change of the rules takes a new version, and this file a new key beside the text.
#[test]
fn keys_are_pinned() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/logs/signatures.json");
    let pinned: Vec<Value> = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert!(pinned.len() >= 20);
    let now: Vec<Value> = pinned
        .iter()
        .map(|entry| {
            let signed = signature(entry["text"].as_str().unwrap());
            json!({
                "text": entry["text"], "key": signed.key, "kind": signed.kind.name(),
                "title": signed.title, "normal_form": signed.normal_form,
            })
        })
        .collect();
    let text = serde_json::to_string_pretty(&now).unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "the keys of {} have changed", signature::VERSION);
}

/// What is not linear takes for ever here. How long it takes is for `make bench-grouping` to say.
#[test]
fn a_hostile_text_is_signed() {
    let bytes = if is_long() { 1 << 20 } else { 1 << 17 };
    let traceback = "Traceback (most recent call last):\n";
    let pieces = [
        "a",
        "0",
        "/",
        "\\",
        "'",
        "\"",
        "=",
        "(",
        "[",
        "{",
        "<",
        "<a",
        "|",
        "|a",
        ".",
        ":",
        "#",
        "@",
        " ",
        "\n",
        "é",
        "\u{2019}",
        "\0",
        "=(",
        "='",
        "a=",
        "u'",
        "a.b.",
        "0x",
        "Fri ",
        "user ",
        "File \"",
        traceback,
        "  File \"a\", line 1, in f\n",
        "#0 ",
        "+-",
        "  | ",
        "  + Exception Group Traceback",
        "[PROXY] ",
        "# ",
        "LogPython: Error: ",
        "KeyError: ",
    ];
    for piece in pieces {
        for before in ["", HEADER, traceback] {
            let text = before.to_owned() + &piece.repeat(bytes / piece.len());
            let signed = signature(&text);
            assert_eq!(signed.key.len(), "v1-".len() + 24, "{piece:?}");
            assert!(signed.normal_form.len() < 64 << 10, "{piece:?}");
        }
    }
}

fn explain(text: &str, other: Option<&str>, settings: &str) -> Value {
    serde_json::from_str(&explained(text, other, settings).unwrap()).unwrap()
}

#[test]
fn the_settings_have_the_last_word() {
    let key = |text: &str, settings: &str| explain(text, None, settings)["texts"][0]["key"].clone();
    let (one, other) = ("shot bunny is gone", "shot wolf is gone");
    assert_ne!(key(one, "{}"), key(other, "{}"));
    let masks = r#"{"signature_masks": ["bunny|wolf"]}"#;
    assert_eq!(key(one, masks), key(other, masks));
    let both = r#"{"signature_masks": ["bunny|wolf"], "signature_keeps": ["shot wolf"]}"#;
    assert_ne!(key(one, both), key(other, both), "what is kept is kept");

    let (one, other) = ("take 1 is bad", "take 2 is bad");
    assert_eq!(key(one, "{}"), key(other, "{}"));
    let keeps = r#"{"signature_keeps": ["take \\d+"]}"#;
    assert_ne!(key(one, keeps), key(other, keeps));

    let overrides = r#"{"signature_overrides": [
        {"key": "farm", "logger": "^studio\\.farm", "text": "lost"},
        {"key": "rig", "module": "rig/build\\.py"}]}"#;
    let record = |logger: &str, text: &str| {
        HEADER.replace("sgtk.env.project.tk-maya.tk-multi-publish2", logger) + text
    };
    let farm = key(&record("studio.farm.a", "lost it"), overrides);
    assert_eq!(farm, key(&record("studio.farm.b", "all is lost"), overrides));
    assert_ne!(farm, key(&record("studio.render", "lost it"), overrides));
    assert_ne!(farm, key(&record("studio.farm.a", "found it"), overrides));
    let traceback = |place: &str, error: &str| {
        format!("x\nTraceback (most recent call last):\n  File \"{place}\", line 1, in f\n{error}")
    };
    let rig = key(&traceback("/x/rig/build.py", "KeyError: 1"), overrides);
    assert_eq!(rig, key(&traceback("/y/rig/build.py", "OSError: 2"), overrides));
    assert_ne!(rig, key(&traceback("/y/rig/load.py", "OSError: 2"), overrides));
}

#[test]
fn a_wrong_rule_is_named() {
    for (settings, said) in [
        (
            r#"{"signature_masks": ["(x"]}"#,
            "signature_masks: \"(x\" is no regular expression: unclosed group",
        ),
        (r#"{"signature_keeps": ["*"]}"#, "signature_keeps"),
        (r#"{"signature_overrides": [{"key": "x"}]}"#, "the rule for \"x\" has none of logger, module, text"),
        (r#"{"signature_overrides": [{"key": "", "text": "x"}]}"#, "a rule has an empty key"),
        (r#"{"signature_overrides": [{"text": "x"}]}"#, "missing field `key`"),
        (r#"{"signature_overrides": [{"key": "x", "txt": "x"}]}"#, "txt"),
    ] {
        let refused = checked(settings).unwrap_err().to_string();
        assert!(refused.contains(said), "{refused}");
    }
}

#[test]
fn an_explanation_says_all_that_was_decided() {
    let record = format!(
        "{HEADER}could not publish 12 files\nTraceback (most recent call last):\n  \
         File \"/x/install/core/python/tank/platform/engine.py\", line 10, in wrapper\n    callback()\n  \
         File \"P:\\x\\tk-multi-publish2\\v1.2.3\\hooks\\publish.py\", line 3, in run\n    load('/x/y.ma')\n\
         OSError: [Errno 28] No space left on device: '/x/y.ma'\n\n\
         During handling of the above exception, another exception occurred:\n\n\
         Traceback (most recent call last):\n  File \"/x/a.py\", line 1, in g\nRuntimeError: publishing failed"
    );
    let said = &explain(&record, None, "{}")["texts"][0];
    assert_eq!(
        (&said["dialect"], &said["level"], &said["matches"]),
        (&json!("toolkit"), &json!("ERROR"), &json!(true))
    );
    assert_eq!((&said["family"], &said["kind"]), (&json!("tk-multi-publish2"), &json!("exception")));
    assert_eq!(said["rule"], "ERROR is one of levels");
    let chain = said["chain"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| (link["relation"].clone(), link["exception"].clone()));
    assert_eq!(
        chain.collect::<Vec<_>>(),
        [(json!("root"), json!("OSError")), (json!("context"), json!("RuntimeError"))]
    );
    let frames = said["frames"].as_array().unwrap();
    let kept = |at: usize| (frames[at]["module"].clone(), frames[at]["is_kept"].clone());
    assert_eq!(kept(0), (json!("tank/platform/engine"), json!(false)));
    assert!(frames[0]["reason"].as_str().unwrap().contains("Toolkit's core"));
    assert_eq!(kept(1), (json!("tk-multi-publish2/hooks/publish"), json!(true)));
    assert_eq!(said["masks"], json!([{"mask": "path", "text": "'/x/y.ma'"}]));
    assert_eq!(
        said["normal_form"],
        "OSError: Errno 28 No space left on device *.ma\nin tk-multi-publish2/hooks/publish : run\nthen RuntimeError"
    );
    assert_eq!(said["title"], "OSError: [Errno 28] No space left on device: '/x/y.ma'");
    assert_eq!(said["key"], signature(&record).key);
}

#[test]
fn a_comparison_says_why() {
    let compared =
        |one: &str, other: &str| explain(one, Some(other), "{}")["comparison"].as_str().unwrap().to_owned();
    assert!(compared("shot 1 is gone", "shot 22 is gone").starts_with("together: both have the normal form"));
    let apart = compared("CRUD ERROR #5", "CRUD ERROR #6");
    assert_eq!(
        apart,
        "apart: only the one has \"message : CRUD ERROR 5\"; only the other has \"message : CRUD ERROR 6\""
    );
    let traceback = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nKeyError: 'x'";
    assert!(compared(traceback, "no").contains("made from its exception, the other's from its message"));
}

#[test]
fn noise_and_our_own_words_are_no_incident() {
    let cancelled = format!(
        "{HEADER}x\nTraceback (most recent call last):\n  File \"a.py\", line 1, in f\nKeyboardInterrupt"
    );
    let rule = |text: &str, settings: &str| {
        let said = explain(text, None, settings)["texts"][0].clone();
        (said["matches"].as_bool().unwrap(), said["rule"].as_str().unwrap().to_owned())
    };
    assert_eq!(
        rule(&cancelled, "{}"),
        (false, "known noise: somebody stopped the program with Ctrl-C".to_owned())
    );
    assert!(rule(&cancelled, r#"{"ignore_known_noise": false}"#).0);
    assert!(!rule(&format!("{HEADER}[tk-incident] x"), "{}").0);
    assert!(!rule(&HEADER.replace("ERROR", "INFO"), "{}").0);
    assert!(rule(&(HEADER.replace("ERROR", "INFO") + "x"), r#"{"keywords": ["X"]}"#).0);
}
