//! What Windows tells of itself.

use serde_json::{Map, Value, json};

/// One question for all: to start the program is what takes time.
#[cfg(windows)]
const QUESTION: &str = "[Console]::OutputEncoding = [Text.Encoding]::UTF8; \
    @{gpu = @(Get-CimInstance Win32_VideoController | Select-Object \
    Name, DriverVersion, CurrentHorizontalResolution, CurrentVerticalResolution); \
    locale = (Get-Culture).Name} | ConvertTo-Json -Depth 3 -Compress";

/// The graphics cards with their drivers, the displays that they drive, and the user's locale.
#[cfg(windows)]
pub fn graphics(deadline: std::time::Duration) -> Map<String, Value> {
    // Not by its name alone: a folder of the search path may hold another one.
    let Some(root) = std::env::var_os("SystemRoot") else { return Map::new() };
    let program = std::path::Path::new(&root).join(r"System32\WindowsPowerShell\v1.0\powershell.exe");
    let arguments = ["-NoLogo", "-NoProfile", "-NonInteractive", "-Command", QUESTION];
    super::command::answer(&program, &arguments, deadline)
        .map_or_else(Map::new, |answer| graphics_in(&answer))
}

/// What is in the answer; nothing where it is none.
fn graphics_in(answer: &str) -> Map<String, Value> {
    let answer = answer.trim_start_matches('\u{feff}').trim();
    let Ok(Value::Object(answer)) = serde_json::from_str(answer) else { return Map::new() };
    let cards = answer.get("gpu").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let card = |card: &Value| json!({"name": card["Name"], "driver": card["DriverVersion"]});
    let display = |card: &Value| {
        let (width, height) =
            (card["CurrentHorizontalResolution"].as_u64()?, card["CurrentVerticalResolution"].as_u64()?);
        Some(json!({"name": card["Name"], "mode": format!("{width}x{height}")}))
    };
    let mut found: Map<_, _> = [
        ("gpu".to_owned(), cards.iter().map(card).collect()),
        ("displays".to_owned(), cards.iter().filter_map(display).collect()),
    ]
    .into_iter()
    .collect();
    if let Some(locale) = answer.get("locale").filter(|locale| locale.is_string()) {
        found.insert("locale".to_owned(), locale.clone());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_powershell() {
        let answer = "\u{feff}{\"locale\":\"de-DE\",\"gpu\":[\
            {\"Name\":\"NVIDIA RTX A5000\",\"DriverVersion\":\"31.0.15.3623\",\
            \"CurrentHorizontalResolution\":2560,\"CurrentVerticalResolution\":1440},\
            {\"Name\":\"Microsoft Remote Display Adapter\",\"DriverVersion\":\"10.0.22621.1\",\
            \"CurrentHorizontalResolution\":null,\"CurrentVerticalResolution\":null}]}\r\n";
        let want = json!({
            "gpu": [
                {"name": "NVIDIA RTX A5000", "driver": "31.0.15.3623"},
                {"name": "Microsoft Remote Display Adapter", "driver": "10.0.22621.1"},
            ],
            "displays": [{"name": "NVIDIA RTX A5000", "mode": "2560x1440"}],
            "locale": "de-DE",
        });
        assert_eq!(Value::Object(graphics_in(answer)), want);
        for other in ["", "[]", "no JSON", "{\"gpu\":[],\"locale\":null}"] {
            assert!(graphics_in(other).values().all(|value| *value == json!([])), "{other}");
        }
    }
}
