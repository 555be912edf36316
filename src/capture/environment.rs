//! The machine at the time of an incident.

use std::env;
use std::path::Path;

use jiff::Zoned;
use serde_json::{Map, Value, json};
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use crate::folders::for_libraries;

/// What the core can tell about the machine, completed (and where they agree, overruled) by the host's facts.
///
/// Only the drives that matter here are asked: a dead network mount elsewhere must not hold us up.
#[must_use]
pub fn environment(
    user_login: &str,
    folders: &[(&str, &Path)],
    facts: &Map<String, Value>,
) -> Map<String, Value> {
    let memory = System::new_with_specifics(
        RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram()),
    );
    let temp = env::temp_dir();
    let disks: Map<_, _> = folders
        .iter()
        .copied()
        .chain([("temp", temp.as_path())])
        .map(|(role, folder)| (role.to_owned(), disk(folder)))
        .collect();
    let own = json!({
        "captured_at": Zoned::now().strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        "user": user_login,
        "host": gethostname::gethostname().to_string_lossy(),
        "os": {
            "name": System::name(),
            "version": System::long_os_version(),
            "kernel": System::kernel_version(),
            "architecture": env::consts::ARCH,
        },
        "cpu_count": std::thread::available_parallelism().map(usize::from).ok(),
        "memory": {"total_bytes": memory.total_memory(), "available_bytes": memory.available_memory()},
        "disks": disks,
        "reporter": {"version": crate::VERSION},
    });
    let mut out = match own {
        Value::Object(own) => own,
        _ => Map::new(),
    };
    for (name, value) in facts {
        out.insert(name.clone(), value.clone());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_where_it_happened() {
        let facts = json!({"python": {"version": "3.11"}, "host": "renamed"});
        let facts = facts.as_object().unwrap();
        let folder = env::temp_dir();
        let found = environment("artist", &[("logs", &folder)], facts);
        assert_eq!(found["user"], "artist");
        assert_eq!((&found["host"], &found["python"]["version"]), (&json!("renamed"), &json!("3.11")));
        assert!(found["memory"]["total_bytes"].as_u64() > Some(0));
        assert!(found["disks"]["logs"]["free_bytes"].as_u64().is_some());
    }
}
