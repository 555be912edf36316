//! The table of old keys: what earlier versions of the rules would have called a problem. A ticket that was filed under an old
//! key is found by it, so that an upgrade opens no second one.

use super::{KEY_DIGITS, fold};
use crate::record::Parts;

/// Characters of a message that v0 looked at.
const V0_CHARACTERS: usize = 80;

/// The keys of a text under the earlier versions, the newest first.
#[must_use]
pub fn keys(parts: &Parts<'_>) -> Vec<String> {
    vec![v0(parts)]
}

/// v0, before the first release: the exception's class, else the beginning of the message. It took different problems
/// for one.
fn v0(parts: &Parts<'_>) -> String {
    let form = if let Some(exception) = parts.exception() {
        format!("exception {}", exception.short_name())
    } else {
        let mut message = String::new();
        fold(&parts.said(), &mut message);
        let short: String = message.chars().take(V0_CHARACTERS).collect();
        let short = if short.is_empty() { "(no message)" } else { short.trim_end() };
        format!("message {short}")
    };
    let hash = blake3::hash(form.as_bytes()).to_hex();
    format!("v0-{}", &hash[..KEY_DIGITS])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_keys_are_pinned() {
        let keys = keys(&Parts::of("harness: a one line error"));
        assert_eq!(keys, ["v0-87f797d31cf0721673effba3"]);
    }
}
