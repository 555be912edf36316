//! The machine at the time of an incident.

// Linux tells all in files.
#[cfg(any(not(target_os = "linux"), test))]
mod command;
mod hardware;
#[cfg(any(target_os = "linux", all(unix, test)))]
mod linux;
#[cfg(any(target_os = "macos", test))]
mod macos;
mod surroundings;
#[cfg(any(windows, test))]
mod windows;

use std::path::Path;
use std::sync::LazyLock;

use jiff::Zoned;
use serde_json::{Map, Value, json};
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

use super::incident_json::shorten_all;
use crate::folders::for_libraries;

pub use hardware::Hardware;
pub use surroundings::Surroundings;

/// Bytes of a text in an environment that is too long as a whole.
const SHORT_BYTES: usize = 1 << 10;

/// It is of no use to ask twice which processor this is.
static CPU_MODEL: LazyLock<Option<String>> = LazyLock::new(|| {
    let kind = RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing());
    let model = System::new_with_specifics(kind).cpus().first()?.brand().trim().to_owned();
    (!model.is_empty()).then_some(model)
});

/// What the core can tell about the machine, completed (and where they agree, overruled) by the host's facts.
///
/// Only the drives that matter here are asked: a dead network mount elsewhere must not hold us up. `hardware` is what
/// [`Hardware`] knows by now.
#[must_use]
pub fn environment(
    user_login: &str,
    folders: &[(&str, &Path)],
    surroundings: &Surroundings,
    hardware: &Map<String, Value>,
    facts: &Map<String, Value>,
) -> Map<String, Value> {
    let now = Zoned::now();
    let memory = System::new_with_specifics(
        RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram()),
    );
    let disks: Map<_, _> = folders
        .iter()
        .copied()
        .chain([("temp", surroundings.temp.as_path())])
        .map(|(role, folder)| (role.to_owned(), disk(folder)))
        .collect();
    let cpu_count = std::thread::available_parallelism().map(usize::from).ok();
    let own = json!({
        "captured_at": now.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        "user": user_login,
        "host": gethostname::gethostname().to_string_lossy(),
        "os": {
            "name": System::name(),
            "version": System::long_os_version(),
            "build": os_build(),
            "kernel": System::kernel_version(),
            "architecture": std::env::consts::ARCH,
        },
        "cpu": {"model": *CPU_MODEL, "count": cpu_count},
        "cpu_count": cpu_count,
        "memory": {"total_bytes": memory.total_memory(), "available_bytes": memory.available_memory()},
        "disks": disks,
        "locale": surroundings.locale,
        "time_zone": {
            "name": now.time_zone().iana_name(),
            "offset": now.strftime("%:z").to_string(),
        },
        "reporter": {"version": crate::VERSION},
    });
    let mut out = match own {
        Value::Object(own) => own,
        _ => Map::new(),
    };
    for (name, value) in hardware {
        // What the variables say of the locale is what programs go by.
        let known = out.entry(name.as_str()).or_insert(Value::Null);
        if known.is_null() {
            *known = value.clone();
        }
    }
    for (name, value) in facts {
        out.insert(name.clone(), value.clone());
    }
    // Last, for they are long.
    out.entry("variables").or_insert_with(|| Value::Object(surroundings.variables.clone()));
    out
}

/// The same in about so many bytes of JSON. Where a host says too much its texts are cut, and then its longest
/// facts go, each of which says so.
#[must_use]
pub fn within(environment: &Map<String, Value>, most: usize) -> Map<String, Value> {
    let length = |value: &Value| serde_json::to_string_pretty(value).map_or(0, |text| text.len());
    let total =
        |of: &Map<String, Value>| of.iter().map(|(name, each)| name.len() + 8 + length(each)).sum::<usize>();
    let mut out = environment.clone();
    if total(&out) > most {
        shorten_all(&mut out, SHORT_BYTES);
    }
    // A word about what is gone takes some room, too.
    while total(&out) > most
        && let Some((bytes, longest)) =
            out.values_mut().map(|each| (length(each), each)).max_by_key(|(bytes, _)| *bytes)
        && bytes > 60
    {
        *longest = Value::String(format!("[cut: {bytes} bytes here]"));
    }
    out
}

fn disk(folder: &Path) -> Value {
    let folder_text = folder.to_string_lossy();
    match fs4::statvfs(for_libraries(folder)) {
        Ok(stats) => {
            json!({"folder": folder_text, "total_bytes": stats.total_space(), "free_bytes": stats.available_space()})
        }
        Err(error) => json!({"folder": folder_text, "error": error.to_string()}),
    }
}

#[cfg(target_os = "linux")]
fn os_build() -> Option<String> {
    linux::os_build(Path::new("/"))
}

#[cfg(target_os = "macos")]
fn os_build() -> Option<String> {
    macos::os_build()
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn os_build() -> Option<String> {
    System::kernel_version()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn says_where_it_happened() {
        let facts = object(&json!({"python": {"version": "3.11"}, "host": "renamed"}));
        let surroundings = Surroundings {
            locale: Some("de_DE.UTF-8".to_owned()),
            variables: object(&json!({"OCIO": "/ocio/config.ocio"})),
            temp: std::env::temp_dir(),
        };
        let hardware =
            object(&json!({"gpu": [{"name": "a card", "driver": "1.2"}], "displays": [], "locale": "en-US"}));
        let folder = std::env::temp_dir();
        let found = environment("artist", &[("logs", &folder)], &surroundings, &hardware, &facts);
        assert_eq!(found["user"], "artist");
        assert_eq!((&found["host"], &found["python"]["version"]), (&json!("renamed"), &json!("3.11")));
        assert!(found["memory"]["total_bytes"].as_u64() > Some(0));
        for role in ["logs", "temp"] {
            assert!(found["disks"][role]["free_bytes"].as_u64().is_some());
        }
        assert_eq!(
            (&found["cpu"]["count"], found["cpu_count"].as_u64() > Some(0)),
            (&found["cpu_count"], true)
        );
        assert_eq!((&found["gpu"][0]["name"], &found["locale"]), (&json!("a card"), &json!("de_DE.UTF-8")));
        let offset = found["time_zone"]["offset"].as_str().unwrap();
        assert!(found["captured_at"].as_str().unwrap().ends_with(offset), "{offset}");
        assert_eq!(found["variables"]["OCIO"], "/ocio/config.ocio");
        assert_eq!(found.keys().next_back().unwrap(), "variables");
        #[cfg(target_os = "linux")]
        assert!(
            found["os"]["build"].as_str().is_some_and(|build| build.starts_with('#')),
            "{:?}",
            found["os"]
        );
    }

    #[test]
    fn what_is_too_long_is_cut_and_says_so() {
        let long = object(&json!({
            "host": "ws1", "plugins": (0..2_000).map(|at| format!("plugin {at}")).collect::<Vec<_>>(),
            "text": "x".repeat(20_000), "engine": {"name": "tk-maya"},
        }));
        assert_eq!(within(&long, 1 << 20), long);
        let found = within(&long, 8_000);
        assert_eq!((&found["host"], &found["engine"]["name"]), (&json!("ws1"), &json!("tk-maya")));
        assert!(found["plugins"].as_str().is_some_and(|text| text.starts_with("[cut: ")), "{found:?}");
        let text = found["text"].as_str().unwrap();
        assert!(text.starts_with("xxx") && text.contains("[cut: ") && text.len() <= SHORT_BYTES, "{text}");
        assert!(serde_json::to_string_pretty(&found).unwrap().len() <= 8_000);
    }
}
