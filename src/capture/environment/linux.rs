//! What Linux tells of itself, all in files: no program is needed.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

/// NVIDIA's vendor number: its driver says more about its cards.
const NVIDIA: &str = "0x10de";

/// When and by whom the kernel was built.
pub fn os_build(root: &Path) -> Option<String> {
    text(&root.join("proc/sys/kernel/version"))
}

/// The graphics cards with their drivers, and the displays that are connected.
pub fn graphics(root: &Path) -> Map<String, Value> {
    let of_nvidia = cards_of_nvidia(root);
    let (mut gpu, mut displays) = (Vec::new(), Vec::new());
    for name in names(&root.join("sys/class/drm")) {
        let place = root.join("sys/class/drm").join(&name);
        let Some(card) = name.strip_prefix("card") else { continue };
        match card.split_once('-') {
            Some((_, connector)) => displays.extend(display(&place, connector)),
            None => gpu.extend(card_at(root, &place, of_nvidia.is_empty())),
        }
    }
    gpu.extend(of_nvidia);
    [("gpu".to_owned(), gpu.into()), ("displays".to_owned(), displays.into())].into_iter().collect()
}

fn cards_of_nvidia(root: &Path) -> Vec<Value> {
    let driver = version_of(root, "nvidia").or_else(|| {
        // NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19 18:56:32 UTC 2023
        let said = text(&root.join("proc/driver/nvidia/version"))?;
        let is_version = |word: &&str| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit());
        said.lines().next()?.split_whitespace().find(is_version).map(ToOwned::to_owned)
    });
    let driver = driver.map(|version| format!("nvidia {version}"));
    let cards = root.join("proc/driver/nvidia/gpus");
    let model = |card: String| {
        let said = text(&cards.join(card).join("information"))?;
        let model = said.lines().find_map(|line| line.strip_prefix("Model:"))?.trim().to_owned();
        Some(json!({"name": model, "driver": driver}))
    };
    names(&cards).into_iter().filter_map(model).collect()
}

fn card_at(root: &Path, card: &Path, with_nvidia: bool) -> Option<Value> {
    let device = card.join("device");
    let vendor = text(&device.join("vendor"))?;
    if vendor == NVIDIA && !with_nvidia {
        return None;
    }
    let maker = match vendor.as_str() {
        NVIDIA => "NVIDIA",
        "0x1002" => "AMD",
        "0x8086" => "Intel",
        "0x15ad" => "VMware",
        "0x1af4" => "virtio",
        other => other,
    };
    let name = format!("{maker} {}", text(&device.join("device")).unwrap_or_default());
    let driver = fs::read_link(device.join("driver")).ok();
    let driver = driver.and_then(|link| Some(link.file_name()?.to_string_lossy().into_owned()));
    let driver = driver.map(|driver| match version_of(root, &driver) {
        Some(version) => format!("{driver} {version}"),
        // It comes with the kernel.
        None => driver,
    });
    Some(json!({"name": name.trim_end(), "driver": driver}))
}

fn display(place: &Path, connector: &str) -> Option<Value> {
    let is_connected = text(&place.join("status"))? == "connected";
    let modes = text(&place.join("modes")).unwrap_or_default();
    // The first one is what the display likes best.
    is_connected.then(|| json!({"name": connector, "mode": modes.lines().next()}))
}

fn version_of(root: &Path, module: &str) -> Option<String> {
    text(&root.join("sys/module").join(module).join("version"))
}

fn text(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// The names in a folder, in an order that does not change.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    names.into_iter().map(|name| name.to_string_lossy().into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn tree(files: &[(&str, &str)]) -> TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    fn with_driver(root: &TempDir, card: &str, driver: &str) {
        let link = root.path().join("sys/class/drm").join(card).join("device/driver");
        std::os::unix::fs::symlink(format!("../../../bus/pci/drivers/{driver}"), link).unwrap();
    }

    #[test]
    fn cards_drivers_and_displays() {
        let root = tree(&[
            ("sys/class/drm/card0/device/vendor", "0x8086\n"),
            ("sys/class/drm/card0/device/device", "0x9bc4\n"),
            ("sys/class/drm/card0-eDP-1/status", "connected\n"),
            ("sys/class/drm/card0-eDP-1/modes", "1920x1080\n1280x720\n"),
            ("sys/class/drm/card1/device/vendor", "0x10de\n"),
            ("sys/class/drm/card1/device/device", "0x2231\n"),
            ("sys/class/drm/card1-DP-1/status", "disconnected\n"),
            ("sys/class/drm/card1-DP-2/status", "connected\n"),
            ("sys/class/drm/card1-DP-2/modes", ""),
            ("sys/class/drm/renderD128/device/vendor", "0x8086\n"),
            ("sys/class/drm/version", "drm 1.1.0 20060810\n"),
            ("sys/module/nvidia/version", "535.129.03\n"),
            (
                "proc/driver/nvidia/gpus/0000:01:00.0/information",
                "Model: \t\t NVIDIA RTX A5000\nIRQ:   \t\t 150\n",
            ),
        ]);
        with_driver(&root, "card0", "i915");
        with_driver(&root, "card1", "nvidia");
        let found = Value::Object(graphics(root.path()));
        let want = json!({
            "gpu": [{"name": "Intel 0x9bc4", "driver": "i915"}, {"name": "NVIDIA RTX A5000", "driver": "nvidia 535.129.03"}],
            "displays": [{"name": "eDP-1", "mode": "1920x1080"}, {"name": "DP-2", "mode": null}],
        });
        assert_eq!(found, want);
    }

    #[test]
    fn a_driver_that_tells_little_is_known_all_the_same() {
        let nouveau = tree(&[
            ("sys/class/drm/card0/device/vendor", "0x10de\n"),
            ("sys/class/drm/card0/device/device", "0x1cb3\n"),
        ]);
        with_driver(&nouveau, "card0", "nouveau");
        assert_eq!(graphics(nouveau.path())["gpu"], json!([{"name": "NVIDIA 0x1cb3", "driver": "nouveau"}]));

        let version = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.82.01  Wed Oct 27 21:21:55 UTC 2021\nGCC version:  gcc version 9.3.0\n";
        let old = tree(&[
            ("proc/driver/nvidia/version", version),
            ("proc/driver/nvidia/gpus/0000:01:00.0/information", "Model: \t Quadro P2000\n"),
        ]);
        assert_eq!(
            graphics(old.path())["gpu"],
            json!([{"name": "Quadro P2000", "driver": "nvidia 470.82.01"}])
        );
    }

    #[test]
    fn a_machine_without_any_has_none() {
        let root = tree(&[("proc/sys/kernel/version", "#1 SMP Debian 6.1.119-1 (2024-11-22)\n")]);
        assert_eq!(Value::Object(graphics(root.path())), json!({"gpu": [], "displays": []}));
        assert_eq!(os_build(root.path()).as_deref(), Some("#1 SMP Debian 6.1.119-1 (2024-11-22)"));
        assert_eq!(os_build(&root.path().join("nowhere")), None);
    }
}
