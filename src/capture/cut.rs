//! Texts that have to be shorter: what is furthest from the error goes, and the text says so.

/// What the longest word about a cut takes.
pub const NOTE_BYTES: usize = 60;

/// The last lines of a text, at most so many bytes with the word about the others. `before` were gone already.
pub fn beginning(text: &str, most: usize, before: u64) -> String {
    if before == 0 && text.len() <= most {
        return text.to_owned();
    }
    let kept = last_lines(text, most.saturating_sub(NOTE_BYTES));
    let gone = before + (text.len() - kept.len()) as u64;
    fits(format!("{}{kept}", before_this(gone)), most)
}

/// The first lines of a text, at most so many bytes with the word about the others.
pub fn end(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let kept = first_lines(text, most.saturating_sub(NOTE_BYTES));
    let gone = (text.len() - kept.len()) as u64;
    fits(format!("{kept}{}", after_this(gone)), most)
}

/// The first and the last bytes of a text, with a word about those between; at most so many bytes.
pub fn middle(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    fits(without_middle(text, most.saturating_sub(NOTE_BYTES), 0).0, most)
}

/// Says that so many bytes are gone.
pub fn before_this(bytes: u64) -> String {
    if bytes == 0 { String::new() } else { format!("[cut: {bytes} bytes before this]\n") }
}

/// Says that so many bytes are gone.
pub fn after_this(bytes: u64) -> String {
    if bytes == 0 { String::new() } else { format!("[cut: {bytes} bytes after this]\n") }
}

/// The whole lines at the end of a text that have room in so many bytes.
pub fn last_lines(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    // The byte before what is kept has to be a newline.
    let from = text.len() - most - 1;
    memchr::memchr(b'\n', &text.as_bytes()[from..]).map_or("", |at| &text[from + at + 1..])
}

/// The whole lines at the beginning of a text that have room in so many bytes.
fn first_lines(text: &str, most: usize) -> &str {
    memchr::memrchr(b'\n', &text.as_bytes()[..most.min(text.len())]).map_or("", |at| &text[..=at])
}

/// Where there is no room for the word about a cut there is none for a text.
fn fits(text: String, most: usize) -> String {
    if text.len() <= most { text } else { String::new() }
}

/// The first and the last bytes of a text, with a word about those between; how many more are gone now. `before` were
/// cut out of it earlier.
#[must_use]
pub fn without_middle(text: &str, most: usize, before: u64) -> (String, u64) {
    // What the marker takes is no reason to cut.
    if text.len() <= most + NOTE_BYTES {
        return (text.to_owned(), 0);
    }
    let (mut head, mut tail) = (most / 2, text.len() - most / 2);
    while !text.is_char_boundary(head) {
        head -= 1;
    }
    while !text.is_char_boundary(tail) {
        tail += 1;
    }
    let marker = |cut: u64| format!("\n[cut: {cut} bytes here]\n");
    // The marker of the last time stood in the middle and goes, too: it was no part of the record.
    let marker_before = if before > 0 { marker(before).len() } else { 0 };
    let cut = (tail - head).saturating_sub(marker_before) as u64;
    (format!("{}{}{}", &text[..head], marker(before + cut), &text[tail..]), cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_lines_are_left_and_the_rest_is_counted() {
        let lines: Vec<_> = (0..100).map(|at| format!("line {at:02}\n")).collect();
        let text = lines.concat();
        assert_eq!(beginning(&text, 800, 0), text);
        let cut = beginning(&text, 200, 1000);
        assert_eq!(cut.lines().next(), Some("[cut: 1664 bytes before this]"));
        assert_eq!(cut.lines().nth(1), Some("line 83"));
        assert!(cut.ends_with("line 99\n") && cut.len() <= 200, "{cut}");
        let cut = end(&text, 200);
        assert!(cut.starts_with("line 00\n") && cut.len() <= 200);
        assert!(cut.ends_with("line 16\n[cut: 664 bytes after this]\n"), "{cut}");
        let cut = middle(&text, 200);
        assert!(cut.starts_with("line 00\n") && cut.ends_with("line 99\n") && cut.len() <= 200, "{cut}");
        assert!(cut.contains("\n[cut: 660 bytes here]\n"), "{cut}");
    }

    #[test]
    fn no_cut_is_longer_than_it_may_be() {
        for text in ["é".repeat(500), "x\n".repeat(500), String::new(), "\n".to_owned()] {
            for most in 0..1_100 {
                for cut in [
                    beginning(&text, most, 0),
                    beginning(&text, most, 7),
                    end(&text, most),
                    middle(&text, most),
                ] {
                    assert!(cut.len() <= most, "{most}: {cut}");
                }
            }
        }
    }

    #[test]
    fn a_text_loses_its_middle_and_says_how_much() {
        let text = format!("{}{}", "é".repeat(1_000), "x".repeat(1_000));
        let (once, cut) = without_middle(&text, 801, 0);
        assert_eq!(cut, 3_000 - 800);
        assert_eq!(once, format!("{}\n[cut: 2200 bytes here]\n{}", "é".repeat(200), "x".repeat(400)));
        let (twice, more) = without_middle(&once, 400, cut);
        assert_eq!(twice, format!("{}\n[cut: 2600 bytes here]\n{}", "é".repeat(100), "x".repeat(200)));
        assert_eq!(more, 400);
        assert_eq!(without_middle(&twice, 400, cut + more), (twice.clone(), 0));
    }
}
