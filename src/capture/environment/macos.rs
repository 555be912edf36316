//! What macOS tells of itself.

use serde_json::{Map, Value, json};

/// Names the build beside the version.
#[cfg(target_os = "macos")]
const SYSTEM_VERSION: &str = "/System/Library/CoreServices/SystemVersion.plist";

/// The build of the system, such as `23B74`.
#[cfg(target_os = "macos")]
pub fn os_build() -> Option<String> {
    build_in(&std::fs::read_to_string(SYSTEM_VERSION).ok()?)
}

/// The graphics cards, and the displays that are connected. Drivers are a part of the system here.
#[cfg(target_os = "macos")]
pub fn graphics(deadline: std::time::Duration) -> Map<String, Value> {
    let program = std::path::Path::new("/usr/sbin/system_profiler");
    super::command::answer(program, &["SPDisplaysDataType", "-json"], deadline)
        .map_or_else(Map::new, |answer| graphics_in(&answer))
}

fn build_in(plist: &str) -> Option<String> {
    let (_, rest) = plist.split_once("<key>ProductBuildVersion</key>")?;
    let (_, rest) = rest.split_once("<string>")?;
    Some(rest.split_once("</string>")?.0.to_owned())
}

/// What is in the answer of `system_profiler`; nothing where it is none.
fn graphics_in(answer: &str) -> Map<String, Value> {
    let Ok(answer) = serde_json::from_str::<Value>(answer) else { return Map::new() };
    let Some(cards) = answer["SPDisplaysDataType"].as_array() else { return Map::new() };
    let name = |card: &Value| {
        let name = ["sppci_model", "_name"].into_iter().find_map(|field| card[field].as_str());
        json!({"name": name, "driver": null})
    };
    let display = |display: &Value| {
        let fields = ["_spdisplays_resolution", "_spdisplays_pixels", "spdisplays_resolution"];
        let mode = fields.into_iter().find_map(|field| display[field].as_str());
        json!({"name": display["_name"], "mode": mode})
    };
    let displays = cards.iter().filter_map(|card| card["spdisplays_ndrvs"].as_array()).flatten();
    [
        ("gpu".to_owned(), cards.iter().map(name).collect()),
        ("displays".to_owned(), displays.map(display).collect()),
    ]
    .into_iter()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_the_system_profiler() {
        let answer = r#"{"SPDisplaysDataType" : [
            {"_name" : "kHW_AppleM1Item", "sppci_model" : "Apple M1", "spdisplays_ndrvs" : [
                {"_name" : "Color LCD", "_spdisplays_pixels" : "2880 x 1800", "_spdisplays_resolution" : "1440 x 900 @ 60.00Hz"},
                {"_name" : "DELL U2720Q", "_spdisplays_pixels" : "3840 x 2160"}
            ]},
            {"_name" : "Radeon Pro"}
        ]}"#;
        let want = json!({
            "gpu": [{"name": "Apple M1", "driver": null}, {"name": "Radeon Pro", "driver": null}],
            "displays": [
                {"name": "Color LCD", "mode": "1440 x 900 @ 60.00Hz"},
                {"name": "DELL U2720Q", "mode": "3840 x 2160"},
            ],
        });
        assert_eq!(Value::Object(graphics_in(answer)), want);
        for other in ["", "{}", "no JSON", "[]"] {
            assert!(graphics_in(other).is_empty());
        }
    }

    #[test]
    fn the_build_stands_beside_the_version() {
        let plist = "<dict>\n\t<key>ProductBuildVersion</key>\n\t<string>23B74</string>\n\t<key>ProductName</key>\n\t<string>macOS</string>";
        assert_eq!(build_in(plist).as_deref(), Some("23B74"));
        assert_eq!(build_in("<dict>"), None);
    }
}
