//! Secrets that were made for this, in the places where a log shows them; and what looks like one and is none.
//!
//! The shapes are written down here a second time, from what their makers document: `rules.toml` may say nothing of them.

use std::borrow::Cow;

use proptest::prelude::*;
use tk_incident_core::pipeline::explained;
use tk_incident_core::redact::Redactor;
use tk_incident_core::{Config, redact, signature_key};

use super::support::{config_of_a_property, is_long};

/// Numbers that are the same at each run (Vigna's `SplitMix64`).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % sides as u64).unwrap()
    }

    fn text(&mut self, alphabet: &str, length: usize) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        (0..length).map(|_| letters[self.roll(letters.len())]).collect()
    }
}

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";
const HEX: &str = "0123456789abcdef";
/// What the site puts into a script's key, beside small letters.
const SIGNS: &str = "~!@#$^&*+=?";

/// How much of a kind has to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Promise {
    /// All of it: script keys, session tokens and passwords in URLs.
    Each,
    Nearly,
}

/// A secret, and how it is shown where no name tells it.
struct Secret {
    text: String,
    kind: &'static str,
    promise: Promise,
    /// The name that stands before it; none where its own shape shows it.
    name: Option<&'static str>,
}

/// So many kinds are made in turn.
const KINDS: usize = 60;

#[expect(clippy::too_many_lines, reason = "one line for each kind")]
fn secret(dice: &mut Dice, kind: usize) -> Secret {
    let word = format!("{LOWER}{UPPER}{DIGITS}");
    let url = format!("{word}_-");
    let base64 = format!("{word}+/");
    let capital = format!("{UPPER}{DIGITS}");
    let names = |dice: &mut Dice, all: &[&'static str]| all[dice.roll(all.len())];
    let script = [
        "api_key",
        "script_key",
        "SG_API_KEY",
        "SG_SCRIPT_KEY",
        "application_key",
        "apiKey",
        "ScriptKey",
        "tk_api_key",
    ];
    let session = ["session_token", "_session_id", "SG_SESSION_TOKEN", "sessionToken", "session_id"];
    let password = [
        "password",
        "db_password",
        "PASSWORD",
        "passwd",
        "ldapPassword",
        "passphrase",
        "client_secret",
        "SECRET",
    ];
    let (kind, text, promise, name) = match kind {
        0..=3 => {
            let mut key = dice.text(LOWER, 24);
            let at = dice.roll(22) + 1;
            let sign = dice.roll(SIGNS.len());
            key.insert_str(at, &SIGNS[sign..=sign]);
            ("script key", key, Promise::Each, Some(names(dice, &script)))
        }
        4 => ("script key", dice.text(HEX, 64), Promise::Each, Some(names(dice, &script))),
        5..=7 => ("session token", dice.text(HEX, 32), Promise::Each, Some(names(dice, &session))),
        8 => (
            "password",
            format!("{}{}", dice.text(LOWER, 6), dice.text(DIGITS, 2)),
            Promise::Nearly,
            Some(names(dice, &password)),
        ),
        9 => (
            "password",
            dice.text(&format!("{word}{SIGNS}"), 14),
            Promise::Nearly,
            Some(names(dice, &password)),
        ),
        10 => ("aws key", format!("AKIA{}", dice.text(&capital, 16)), Promise::Nearly, None),
        11 => ("aws key", format!("ASIA{}", dice.text(&capital, 16)), Promise::Nearly, None),
        12 => ("aws secret", dice.text(&base64, 40), Promise::Nearly, Some("aws_secret_access_key")),
        13 => ("google key", format!("AIza{}", dice.text(&url, 35)), Promise::Nearly, None),
        14 => ("google secret", format!("GOCSPX-{}", dice.text(&word, 28)), Promise::Nearly, None),
        15 => ("azure storage", format!("{}==", dice.text(&base64, 86)), Promise::Nearly, Some("AccountKey")),
        16 => ("azure signature", format!("{}%3D", dice.text(&word, 43)), Promise::Nearly, Some("sig")),
        17 => (
            "azure secret",
            format!("{}8Q~{}", dice.text(&word, 3), dice.text(&word, 34)),
            Promise::Nearly,
            None,
        ),
        18 => ("github", format!("ghp_{}", dice.text(&word, 36)), Promise::Nearly, None),
        19 => ("github", format!("gho_{}", dice.text(&word, 36)), Promise::Nearly, None),
        20 => (
            "github",
            format!("github_pat_{}_{}", dice.text(&word, 22), dice.text(&word, 59)),
            Promise::Nearly,
            None,
        ),
        21 => ("gitlab", format!("glpat-{}", dice.text(&url, 19) + "a"), Promise::Nearly, None),
        22 => ("gitlab", format!("glptt-{}", dice.text(HEX, 40)), Promise::Nearly, None),
        23 => (
            "slack",
            format!("xoxb-{}-{}-{}", dice.text(DIGITS, 12), dice.text(DIGITS, 12), dice.text(&word, 24)),
            Promise::Nearly,
            None,
        ),
        24 => (
            "slack",
            format!("xapp-1-{}-{}-{}", dice.text(&capital, 11), dice.text(DIGITS, 13), dice.text(HEX, 64)),
            Promise::Nearly,
            None,
        ),
        25 => (
            "slack webhook",
            format!(
                "https://hooks.slack.com/services/T{}/B{}/{}",
                dice.text(&capital, 8),
                dice.text(&capital, 10),
                dice.text(&word, 24)
            ),
            Promise::Nearly,
            None,
        ),
        26 => (
            "discord",
            format!("M{}.{}.{}", dice.text(&word, 23), dice.text(&url, 6), dice.text(&url, 26) + "a"),
            Promise::Nearly,
            None,
        ),
        27 => (
            "discord webhook",
            format!("https://discord.com/api/webhooks/{}/{}", dice.text(DIGITS, 18), dice.text(&word, 68)),
            Promise::Nearly,
            None,
        ),
        28 => (
            "telegram",
            format!("{}:AA{}", dice.text("123456789", 9), dice.text(&word, 33)),
            Promise::Nearly,
            None,
        ),
        29 => ("stripe", format!("sk_live_{}", dice.text(&word, 24)), Promise::Nearly, None),
        30 => ("stripe", format!("rk_test_{}", dice.text(&word, 40)), Promise::Nearly, None),
        31 => ("npm", format!("npm_{}", dice.text(&word, 36)), Promise::Nearly, None),
        32 => ("pypi", format!("pypi-AgEIcHlwaS5vcmc{}", dice.text(&word, 80)), Promise::Nearly, None),
        33 => ("twilio", format!("SK{}", dice.text(HEX, 32)), Promise::Nearly, None),
        34 => (
            "sendgrid",
            format!("SG.{}.{}", dice.text(&word, 22), dice.text(&word, 43)),
            Promise::Nearly,
            None,
        ),
        35 => ("mailgun", format!("key-{}", dice.text(HEX, 32)), Promise::Nearly, None),
        36 => ("mailchimp", format!("{}-us12", dice.text(HEX, 32)), Promise::Nearly, None),
        37 => (
            "openai",
            format!("sk-{}T3BlbkFJ{}", dice.text(&word, 20), dice.text(&word, 20)),
            Promise::Nearly,
            None,
        ),
        38 => (
            "openai",
            format!("sk-proj-{}T3BlbkFJ{}", dice.text(&word, 74), dice.text(&word, 74)),
            Promise::Nearly,
            None,
        ),
        39 => ("anthropic", format!("sk-ant-api03-{}AA", dice.text(&word, 93)), Promise::Nearly, None),
        40 => (
            "hugging face",
            format!("hf_{}", dice.text(&format!("{LOWER}{UPPER}"), 34)),
            Promise::Nearly,
            None,
        ),
        41 => ("digitalocean", format!("dop_v1_{}", dice.text(HEX, 64)), Promise::Nearly, None),
        42 => ("heroku", uuid(dice), Promise::Nearly, Some("HEROKU_API_KEY")),
        43 => ("heroku", format!("HRKU-AA{}", dice.text(&word, 58)), Promise::Nearly, None),
        44 => ("dropbox", format!("sl.{}", dice.text(&word, 135)), Promise::Nearly, None),
        45 => ("atlassian", format!("ATATT3{}", dice.text(&word, 186)), Promise::Nearly, None),
        46 => (
            "jwt",
            format!("eyJ{}.eyJ{}.{}", dice.text(&word, 33), dice.text(&word, 80), dice.text(&word, 43)),
            Promise::Nearly,
            None,
        ),
        47 => ("vault", format!("hvs.{}", dice.text(&word, 95)), Promise::Nearly, None),
        48 => ("databricks", format!("dapi{}", dice.text(HEX, 32)), Promise::Nearly, None),
        49 => ("shopify", format!("shpat_{}", dice.text(HEX, 32)), Promise::Nearly, None),
        50 => ("square", format!("sq0csp-{}", dice.text(&word, 43)), Promise::Nearly, None),
        51 => ("new relic", format!("NRAK-{}", dice.text(&capital, 27)), Promise::Nearly, None),
        52 => ("sentry", format!("sntryu_{}", dice.text(HEX, 64)), Promise::Nearly, None),
        53 => {
            ("grafana", format!("glsa_{}_{}", dice.text(&word, 32), dice.text(HEX, 8)), Promise::Nearly, None)
        }
        54 => (
            "notion",
            format!("ntn_{}{}", dice.text(DIGITS, 11), dice.text(&word, 35)),
            Promise::Nearly,
            None,
        ),
        55 => {
            ("postman", format!("PMAK-{}-{}", dice.text(HEX, 24), dice.text(HEX, 34)), Promise::Nearly, None)
        }
        56 => ("artifactory", format!("AKCp{}", dice.text(&word, 69)), Promise::Nearly, None),
        57 => ("adobe", format!("p8e-{}", dice.text(&word, 32)), Promise::Nearly, None),
        58 => ("datadog", dice.text(HEX, 40), Promise::Nearly, Some("datadog_api_key")),
        _ => ("frame.io", format!("fio-u-{}", dice.text(&word, 64)), Promise::Nearly, None),
    };
    Secret { text, kind, promise, name }
}

fn uuid(dice: &mut Dice) -> String {
    [8, 4, 4, 4, 12].map(|length| dice.text(HEX, length)).join("-")
}

/// A text within a string, as Python's `repr` and as JSON write it.
fn repr(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n"))
}

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// Texts that show a secret, one for each of the places where a log does.
fn shown(secret: &Secret) -> Vec<(&'static str, String)> {
    let text = &secret.text;
    let name = secret.name.unwrap_or("value");
    let option = name.to_lowercase().replace('_', "-");
    let said = match secret.name {
        Some(name) => format!("{name}={text}"),
        None => text.clone(),
    };
    let object = format!("{{{}: {}, \"n\": 1}}", json(name), json(text));
    let mut all = vec![
        ("message", format!("2026-11-22 00:21:30,207 [7 ERROR sgtk.x] login with {said} failed")),
        ("end of message", format!("cannot connect: {said}")),
        (
            "traceback",
            format!(
                "Traceback (most recent call last):\n  File \"/x/a.py\", line 3, in f\n    sg = connect(url, {name}=\"{text}\", x=1)\nOSError: no"
            ),
        ),
        ("repr", format!("config is {{'host': 'h', {}: {}, 'n': 1}}", repr(name), repr(text))),
        ("json", format!("sent {object}")),
        ("json in a string", format!("body={}", json(&object))),
        ("json in a string in a string", format!("body={}", json(&json(&object)))),
        ("argv", format!("running tool --host h --{option} {text} --verbose")),
        ("argv with a sign", format!("running tool --{option}={text} --verbose")),
        ("argv as a list", format!("['tool', '--{option}', {}, '-v']", repr(text))),
        ("environment", format!("PATH=/bin\n{}={text}\nSHELL=/bin/sh", name.to_uppercase())),
        (
            "environment in a string",
            repr(&format!("PATH=/bin\n{}={text}\nSHELL=/bin/sh", name.to_uppercase())),
        ),
        ("yaml", format!("host: h\n{name}: {text}\nn: 1")),
        ("assignment", format!("    {name} = {}", json(text))),
    ];
    // In a query only what it may hold.
    if text.bytes().all(|byte| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'_' | b'-' | b'.' | b'~' | b'%' | b':' | b'/' | b'+' | b'=')
    }) {
        all.push(("url", format!("GET https://host.example/x?a=1&{name}={text}&b=2 failed")));
    }
    all
}

/// Passwords where only the place tells them.
fn placed(dice: &mut Dice) -> Vec<(&'static str, Secret, String)> {
    let of = |text: &str, kind, promise| Secret { text: text.to_owned(), kind, promise, name: None };
    let password = dice.text(&format!("{LOWER}{UPPER}{DIGITS}!$*+=~^"), 12);
    let token = dice.text(HEX, 32);
    let mut all = Vec::new();
    for scheme in ["https", "postgres", "mysql+pymysql", "mongodb+srv", "redis", "amqp", "ftp"] {
        for text in [
            format!("cannot reach {scheme}://anna:{password}@host.example:99/x?y=1"),
            format!("{{'url': '{scheme}://anna:{password}@host/x'}}"),
            format!("{{\"body\": \"{{\\\"url\\\": \\\"{scheme}://anna:{password}@host/x\\\"}}\"}}"),
            format!("DATABASE_URL={scheme}://:{password}@host"),
        ] {
            all.push(("url", of(&password, "url password", Promise::Each), text));
        }
    }
    for text in [
        format!("Cookie: csrf=a1b2; _session_id={token}"),
        format!("{{'Set-Cookie': '_session_id={token}; path=/; secure'}}"),
        format!("<Cookie _session_id={token} for host.example/>"),
        format!("https://host.example/page?session_token={token}"),
    ] {
        all.push(("cookie", of(&token, "session token", Promise::Each), text));
    }
    for text in [
        format!("Authorization: Bearer {token}"),
        format!("{{'Authorization': 'Bearer {token}', 'Accept': '*/*'}}"),
        format!("curl -H \"Authorization: Token {token}\" https://host/x"),
        format!("sent Bearer {token} and got 401"),
        format!("curl -u anna:{token} https://host/x"),
        format!("X-Api-Key: {token}"),
        format!("Proxy-Authorization: Basic {token}"),
        format!("http_proxy=anna:{token}@10.1.2.3:3128"),
        format!("<password>{token}</password>"),
        format!("//registry.example/:_authToken={token}"),
    ] {
        all.push(("header", of(&token, "authorization", Promise::Nearly), text));
    }
    let lines = [0; 4].map(|_| dice.text(&format!("{LOWER}{UPPER}{DIGITS}+/"), 64));
    let key = |title: &str, end: &str| {
        format!("-----BEGIN {title}-----{end}{}{end}-----END {title}-----", lines.join(end))
    };
    for title in
        ["PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "EC PRIVATE KEY", "PGP PRIVATE KEY BLOCK"]
    {
        for text in
            [key(title, "\n"), key(title, "\\n"), format!("{{\"private_key\": {}}}", json(&key(title, "\n")))]
        {
            all.push(("key", of(&lines[1], "private key", Promise::Nearly), format!("loaded {text} from x")));
        }
    }
    all
}

#[test]
fn secrets_are_found_wherever_a_log_shows_them() {
    let mut dice = Dice(20_261_122);
    let rounds = if is_long() { 400 } else { 40 };
    let (mut secrets, mut texts, mut missed) = (0, 0, Vec::new());
    let mut look = |place: &str, secret: &Secret, text: &str| {
        texts += 1;
        let redacted = redact(text);
        if redacted.contains(&secret.text) {
            missed.push((secret.promise, format!("{} in {place}: {redacted}", secret.kind)));
        }
        assert_eq!(redact(&redacted), redacted, "what was redacted stays as it is: {text}");
    };
    for _ in 0..rounds {
        for kind in 0..KINDS {
            let secret = secret(&mut dice, kind);
            secrets += 1;
            for (place, text) in shown(&secret) {
                look(place, &secret, &text);
            }
        }
        for (place, secret, text) in placed(&mut dice) {
            secrets += 1;
            look(place, &secret, &text);
        }
    }
    assert!(secrets >= 2_000);
    println!("{secrets} secrets in {texts} texts, {} missed", missed.len());
    for (_, missed) in missed.iter().take(60) {
        println!("{missed}");
    }
    assert!(
        missed.iter().all(|(promise, _)| *promise == Promise::Nearly),
        "one that was promised was missed"
    );
    assert!(missed.len() * 1_000 <= texts, "{} of {texts} were missed", missed.len());
}

#[test]
fn what_looks_like_a_secret_and_is_none_stays() {
    for text in [
        "/studio/cache/d41d8cd98f00b204e9800998ecf8427e/plate.exr",
        "task 550e8400-e29b-41d4-a716-446655440000 is gone",
        "SyntaxError: unexpected token: )",
        "rows.sort(key = lambda row: row.name)",
        "sorted(x, key=operator.itemgetter(1))",
        "password is wrong",
        "the password for anna was rejected",
        "Password: incorrect",
        "--password is required",
        "Key 'x' not found",
        "KeyError: 'api_key'",
        "config has no script_key",
        "sg = Shotgun(url, script_name=name, api_key=self._api_key)",
        "api_key = os.environ[\"SG_API_KEY\"]",
        "password = getpass.getpass()",
        "def login(user, password=None, session_token=None):",
        "def f(password: str, token: Optional[str] = None):",
        "export SG_API_KEY=$SG_SCRIPT_KEY",
        "url is https://${USER}.example:8080/x?token={token}",
        "Processed session termination for sessionid: 0x34ed93485090001",
        "token=Token{a64f992 ActivityRecord{de9231d u0}}",
        "key=shot_010_comp_v012 task=lighting",
        "the secretary has the keys: see keyboard.json",
        "basic authentication failed, bearer of bad news",
        "the authorization failed: denied",
        "cookies: none, cookie jar is empty",
        "icon@2x.png and @property and a@b",
        "git@github.com:studio/tools.git",
        "https://site.example:8080/home/page?user=anna#a@b",
        "/Users/Shared/tools and C:\\Users\\Public\\x and /home/$USER",
        "from app.home.views import users",
        "AKIAN, AIzawa, sk-learn-contributions-are-welcome, ghp_, xoxo-xoxo",
        "-----BEGIN CERTIFICATE-----",
        "Aborted (core dumped), tk-multi-publish2 v2.4.1, python3.9",
        "commit 9f4ef63e0b6d2c1a8f7e6d5c4b3a29181706f5e4",
        "2026-11-22 00:21:30,207 [14106 ERROR sgtk.env.project.tk-maya] it broke",
    ] {
        assert!(matches!(redact(text), Cow::Borrowed(_)), "{text} became {}", redact(text));
    }
}

#[test]
fn the_signature_does_not_change_with_what_is_redacted() {
    let traceback = |place: &str, said: &str| {
        format!(
            "Traceback (most recent call last):\n  File \"{place}\", line 3, in f\n    g()\nOSError: {said}"
        )
    };
    for text in [
        "cannot read /home/anna/x/plate.1001.exr now".to_owned(),
        "cannot read C:\\Users\\anna\\x\\plate.1001.exr now".to_owned(),
        "cannot read 'C:\\Users\\Anna Smith\\x\\plate.exr', see /home/anna".to_owned(),
        "path=/home/anna/x, file '/Users/anna/y.ma'".to_owned(),
        "mail to anna@studio.example or <bob@studio.example>: lost".to_owned(),
        "mail:anna@studio.example failed".to_owned(),
        "GET https://anna:hunter22@host/x failed with api_key=abcdef12, password='hunter22'".to_owned(),
        "{'session_token': 'abcdef0123'} is no session".to_owned(),
        traceback("/home/anna/tools/publish.py", "no such file: '/home/anna/x.ma'"),
        traceback("C:\\Users\\anna\\tk-multi-x\\v1.2.3\\app.py", "no: C:\\Users\\anna\\x.ma"),
        format!(
            "2026-11-22 00:21:30,207 [7 ERROR sgtk.ext./home/anna/dev/tk-x/engine.py] it broke in /home/anna/{}",
            "x/".repeat(9)
        ),
        "bind mount /home/anna failed (/home/anna/a.b)".to_owned(),
        "lost host at /home/anna: 12 files".to_owned(),
    ] {
        let redacted = redact(&text);
        assert_ne!(redacted, text);
        assert_eq!(signature_key(&redacted), signature_key(&text), "{text} and {redacted}");
    }
    // A studio's rule may find something in a mark.
    for mask in ["secret", r"\\[red", "d:s"] {
        let settings = format!(r#"{{"signature_masks": ["{mask}"]}}"#);
        assert!(explained("login [redacted:secret] failed", None, &settings).is_ok(), "{mask}");
    }
    // What a mark says of its kind is nothing to a signature.
    let said = |kind: &str| format!("login with [redacted:{kind}] failed for user:[redacted:{kind}]");
    assert_eq!(signature_key(&said("secret")), signature_key(&said("github-token")));
}

#[test]
fn a_studio_adds_its_own() {
    let config = Config { redact_patterns: vec![r"\bPRJ-\d{4}\b".to_owned()], ..Config::default() };
    let redactor = Redactor::new(&config).unwrap();
    assert_eq!(
        redactor.redact("PRJ-1234, password=hunter22"),
        "[redacted:studio], password=[redacted:secret]"
    );
    let refused =
        Redactor::new(&Config { redact_patterns: vec!["(x".to_owned()], ..Config::default() }).unwrap_err();
    assert!(
        refused.to_string().starts_with("setting redact_patterns: \"(x\" is no regular expression"),
        "{refused}"
    );
}

/// What is not linear takes for ever here.
#[test]
fn a_hostile_text_is_redacted() {
    let bytes = if is_long() { 1 << 20 } else { 1 << 15 };
    for piece in HOSTILE {
        for before in ["", "x ", "password=\"", "https://", "-----BEGIN PRIVATE KEY-----\n"] {
            let text = before.to_owned() + &piece.repeat(bytes / piece.len());
            let redacted = redact(&text);
            assert!(redacted.len() <= text.len() * 12, "{before:?} {piece:?}");
        }
    }
}

const HOSTILE: &[&str] = &[
    "a",
    "0",
    "/",
    "\\",
    "'",
    "\"",
    "=",
    ":",
    "@",
    ".",
    " ",
    "\n",
    "[",
    "é",
    "a@",
    "a.a@a.",
    "://",
    "a://",
    "a://b:",
    "a://b:c@",
    "%3A%2F%2F",
    "password",
    "password=",
    "password='",
    "password=\"",
    "password:",
    "password \\\"",
    "password=(",
    "token=a(",
    "key=",
    "--password ",
    "api_key: ",
    "\"api_key\", ",
    "password=%26",
    "password=a&",
    "password,",
    "cookie:",
    "cookie: a=",
    "authorization:",
    "authorization: bearer ",
    "bearer ",
    "basic a",
    "proxy=a:",
    "eyJ",
    "eyJ-",
    "eyJaaaaaaaa.",
    "AKIA",
    "ghp_",
    "xoxb-",
    "sk-",
    "SG.",
    "hooks.slack.com/services/",
    "curl -u ",
    "Shotgun(a, 'b', ",
    "heroku=",
    "discord ",
    "M.......",
    "MTk4MTk4MTk4MTk4MTk4MTk4.a1b2c3.",
    "12345678:",
    ":A",
    "/home/",
    "/home/a",
    "/home/a b",
    "C:\\Users\\a ",
    "users/",
    "home",
    "\\\\users$\\",
    "-----BEGIN ",
    "-----BEGIN PRIVATE KEY-----",
    "-----END ",
    "PuTTY-User-Key-File-2: ",
    "[redacted:secret]",
    "[redacted:",
    "password=[redacted:x]",
    "/home/[redacted:user]",
];

/// Pieces of texts with secrets, and of what surrounds them.
fn piece() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(HOSTILE).prop_map(str::to_owned);
    let shown = (any::<u64>(), 0..KINDS, 0..14_usize).prop_map(|(seed, kind, place)| {
        let secret = secret(&mut Dice(seed), kind);
        shown(&secret).swap_remove(place).1
    });
    let bare = (any::<u64>(), 0..KINDS).prop_map(|(seed, kind)| secret(&mut Dice(seed), kind).text);
    prop_oneof![4 => fixed, 1 => shown, 1 => bare, 2 => "[ -~\\n]{0,12}", 1 => "\\PC{0,6}"]
}

proptest! {
    #![proptest_config(config_of_a_property(4096))]

    #[test]
    fn what_was_redacted_stays_as_it_is(pieces in prop::collection::vec(piece(), 1..8)) {
        let once = redact(&pieces.concat()).into_owned();
        prop_assert_ne!(&once, "[redacted:endless]");
        prop_assert!(matches!(redact(&once), Cow::Borrowed(_)), "{} becomes {}", once, redact(&once));
    }

    #[test]
    fn plain_words_are_not_copied(words in prop::collection::vec("[a-z]{1,9}[,.]?", 1..30)) {
        let text = words.join(" ");
        prop_assert!(matches!(redact(&text), Cow::Borrowed(_)), "{}", redact(&text));
    }
}
