//! `incident.json`: what was found, and why it counts as this problem.

use serde_json::{Map, Value, json};

use super::cut;
use crate::incident::{Incident, Occurrence};
use crate::record::Parts;
use crate::signature::{Studio, sign};

/// A text of this length is whole in any case.
const SHORT_BYTES: usize = 2 << 10;

/// Bytes of one text: whoever reads JSON wants no more, and `record.txt` has it.
const LONG_BYTES: usize = 16 << 10;

/// The incident, its first occurrence, and how its key came about; each text at most so many bytes long, or 2 KiB.
pub fn of(incident: &Incident, occurrence: &Occurrence, studio: &Studio, most: usize) -> Value {
    let mut told = json!({
        "incident": incident,
        "occurrence": occurrence,
        "why_grouped": why_grouped(occurrence, studio),
    });
    shorten(&mut told, most.clamp(SHORT_BYTES, LONG_BYTES));
    told
}

fn why_grouped(occurrence: &Occurrence, studio: &Studio) -> Value {
    let signature = sign(&Parts::of(&occurrence.record), studio);
    if signature.key != occurrence.signature {
        // The spool was full and has cut the record, or other rules gave the key, which is still the ticket's.
        return json!({"why": "the key was made from the whole record, or by the rules of an earlier version"});
    }
    json!({"kind": signature.kind.name(), "normal_form": signature.normal_form, "why": signature.why})
}

/// Cuts each text in its middle.
pub fn shorten(value: &mut Value, most: usize) {
    match value {
        Value::String(text) if text.len() > most => *text = cut::middle(text, most),
        Value::Array(items) => items.iter_mut().for_each(|item| shorten(item, most)),
        Value::Object(fields) => shorten_all(fields, most),
        _ => {}
    }
}

/// Cuts each text below these names in its middle.
pub fn shorten_all(fields: &mut Map<String, Value>, most: usize) {
    fields.values_mut().for_each(|field| shorten(field, most));
}
