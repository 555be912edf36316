//! Why a text has its key, and why two texts fall together or apart.

use std::fmt::Write as _;

use serde::Serialize;

use super::form::{self, Fact, Verdict};
use super::normal::Mask;
use super::{Studio, family, former, key, title};
use crate::record::Parts;

/// All that was decided about a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The dialect that its first line is in.
    pub dialect: String,
    /// Its level, where it is a record.
    pub level: Option<String>,
    /// Whether it would be reported, and which rule decides.
    pub matches: bool,
    /// The rule that decides.
    pub rule: String,
    /// The logger and its family, where it is a record.
    pub logger: Option<String>,
    /// The part of the pipeline that the logger belongs to.
    pub family: Option<String>,
    /// The exceptions it shows, the root cause first.
    pub chain: Vec<ChainLink>,
    /// The frames that were looked at, the innermost last.
    pub frames: Vec<FrameVerdict>,
    /// What was taken for a value.
    pub masks: Vec<MaskedText>,
    /// What the signature was made from.
    pub kind: String,
    /// The ticket's title, without the user.
    pub title: String,
    /// What was hashed.
    pub normal_form: String,
    /// The key.
    pub key: String,
    /// The keys that earlier versions gave it.
    pub former_keys: Vec<String>,
    /// One sentence: why it has this key.
    pub why: String,
}

/// One exception of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChainLink {
    /// How it came to it.
    pub relation: String,
    /// Its class; none where its line was lost.
    pub exception: Option<String>,
    /// What it says.
    pub message: String,
    /// How many frames led to it.
    pub frames: usize,
}

/// What became of a frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FrameVerdict {
    /// The file, as the text shows it.
    pub place: String,
    /// The module that it is.
    pub module: String,
    /// The function.
    pub function: Option<String>,
    /// Whether it counts.
    pub is_kept: bool,
    /// Why it does not.
    pub reason: Option<String>,
}

/// A piece of text that was taken for a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MaskedText {
    /// Why.
    pub mask: Mask,
    /// The text.
    pub text: String,
}

/// Explains the key of a text. `matches` and `rule` are what the rules say.
#[must_use]
pub fn explain(parts: &Parts<'_>, studio: &Studio, matches: bool, rule: String) -> Explanation {
    let (mut frames, mut masks) = (Vec::<FrameVerdict>::new(), Vec::new());
    let form = form::form(parts, studio, |fact| match fact {
        Fact::Masked(mask, text) => masks.push(MaskedText { mask, text: text.to_owned() }),
        Fact::Frame(frame, module, verdict) => {
            let reason = match verdict {
                Verdict::Kept => None,
                Verdict::Dropped(whose) => Some(format!("{whose}, which runs before many problems")),
            };
            let said = FrameVerdict {
                place: frame.place.to_owned(),
                module: module.to_owned(),
                function: frame.function.map(ToOwned::to_owned),
                is_kept: verdict == Verdict::Kept,
                reason,
            };
            // Where no frame is the studio's own all are looked at again, and all count.
            let is_same = |known: &FrameVerdict| {
                !known.is_kept && (&known.place, &known.function) == (&said.place, &said.function)
            };
            match frames.iter_mut().find(|known| said.is_kept && is_same(known)) {
                Some(known) => *known = said,
                None => frames.push(said),
            }
        }
    });
    let links = parts.traceback.iter().flat_map(|traceback| &traceback.links);
    Explanation {
        dialect: parts.dialect().name().to_owned(),
        level: parts.level().map(|level| level.name().to_owned()),
        matches,
        rule,
        logger: parts.logger.map(ToOwned::to_owned),
        family: parts.logger.map(family::family),
        chain: links
            .map(|link| ChainLink {
                relation: link.relation.name().to_owned(),
                exception: link.exception.map(|exception| exception.name.to_owned()),
                message: link.exception.map_or_else(String::new, |exception| exception.message.to_owned()),
                frames: link.frames.len(),
            })
            .collect(),
        frames,
        masks,
        kind: form.kind.name().to_owned(),
        title: title(parts),
        key: key(&form.text),
        normal_form: form.text,
        former_keys: former::keys(parts),
        why: form.why.to_owned(),
    }
}

/// Why two texts fall together or apart, in a sentence or two.
#[must_use]
pub fn compare(one: &Explanation, other: &Explanation) -> String {
    if one.key == other.key {
        return format!("together: both have the normal form {:?}", one.normal_form);
    }
    if one.kind != other.kind {
        return format!(
            "apart: the one's key is made from its {}, the other's from its {}",
            one.kind, other.kind
        );
    }
    let mut why = String::from("apart:");
    let (ones, others): (Vec<_>, Vec<_>) =
        (one.normal_form.lines().collect(), other.normal_form.lines().collect());
    let only = |these: &[&str], those: &[&str]| -> Vec<String> {
        these.iter().filter(|line| !those.contains(line)).map(|line| format!("{line:?}")).collect()
    };
    for (whose, lines) in [("the one", only(&ones, &others)), ("the other", only(&others, &ones))] {
        if !lines.is_empty() {
            // Writing to a string cannot fail.
            write!(why, " only {whose} has {};", lines.join(", ")).unwrap_or_default();
        }
    }
    if why.ends_with(':') {
        why.push_str(" both have the same parts in another order or number;");
    }
    why.pop();
    why
}
