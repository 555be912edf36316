//! The margin of an exception group: which member a line belongs to.

use super::lines::indentation;

/// A line of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Margin<'a> {
    /// `| text`, of the group or the member that is open.
    Text(&'a str),
    /// `+-+---------------- 1 ----------------`, `+---------------- 2 ----------------`: a member begins.
    Member,
    /// `+------------------------------------`: the last member has ended.
    Close,
    /// No line of a group.
    Outside,
}

/// Where the reader is in nested groups. The column tells it; without indentation the numbers of the members do.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// Column of the outermost group's margin; none outside of groups.
    column: Option<usize>,
    /// The number of the open member of each group; 0 for the one that stands for those that are not shown.
    members: Vec<u32>,
}

impl Groups {
    /// A group begins with its title, and its margin is at this column.
    pub(super) fn open(&mut self, column: usize) {
        *self = Self { column: Some(column), members: Vec::new() };
    }

    pub(super) fn leave(&mut self) {
        self.column = None;
        self.members.clear();
    }

    pub(super) fn is_open(&self) -> bool {
        self.column.is_some()
    }

    /// How many groups the open member is in.
    pub(super) fn depth(&self) -> usize {
        self.members.len()
    }

    /// Takes the next line.
    pub(super) fn read<'a>(&mut self, text: &'a str) -> Margin<'a> {
        let Some(outermost) = self.column else { return Margin::Outside };
        let (column, bare) = indentation(text);
        // Indentation is lost where none is left.
        let level = (outermost > 0).then(|| column.saturating_sub(outermost) / 2);
        if bare == "|" || bare.starts_with("| ") {
            self.members.truncate(level.unwrap_or(usize::MAX));
            return Margin::Text(bare.get(2..).unwrap_or_default());
        }
        let Some(border) = bare.strip_prefix("+-") else { return Margin::Outside };
        let (opens, border) = border.strip_prefix("+-").map_or((false, border), |border| (true, border));
        let mut words = border.trim_start_matches('-').split_ascii_whitespace();
        match (words.next(), opens) {
            (Some(number), true) => {
                self.members.truncate(level.unwrap_or(usize::MAX));
                self.members.push(number.parse().unwrap_or(0));
                Margin::Member
            }
            (Some(number), false) => {
                self.next_member(number.parse().unwrap_or(0), level);
                Margin::Member
            }
            (None, _) => {
                self.members.truncate(level.unwrap_or(usize::MAX));
                self.members.pop();
                Margin::Close
            }
        }
    }

    fn next_member(&mut self, number: u32, level: Option<usize>) {
        let precedes = |last: &u32| number == 0 || last.checked_add(1) == Some(number);
        let level = level.or_else(|| Some(self.members.iter().rposition(precedes)? + 1));
        self.members.truncate(level.unwrap_or(usize::MAX));
        match self.members.last_mut() {
            Some(last) => *last = number,
            None => self.members.push(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NESTED: &str = "  | G\n  +-+---------------- 1 ----------------\n    | A\n    +---------------- 2 ----------------\n    | G\n    \
                          +-+---------------- 1 ----------------\n      | B\n      +---------------- ... ----------------\n      \
                          | and 3 more exceptions\n      +------------------------------------\n    | chained to the second\n    \
                          +---------------- 3 ----------------\n    | C\n    +------------------------------------\n";

    fn read(text: &str, column: usize) -> Vec<(usize, &str)> {
        let mut groups = Groups::default();
        groups.open(column);
        let mut out = Vec::new();
        for line in text.lines() {
            if let Margin::Text(text) = groups.read(line) {
                out.push((groups.depth(), text));
            }
        }
        assert_eq!(groups.depth(), 0);
        out
    }

    #[test]
    fn the_column_tells_the_depth() {
        let texts = [
            (0, "G"),
            (1, "A"),
            (1, "G"),
            (2, "B"),
            (2, "and 3 more exceptions"),
            (1, "chained to the second"),
            (1, "C"),
        ];
        assert_eq!(read(NESTED, 2), texts);
        let flush: String = NESTED.lines().map(|line| line.trim_start().to_owned() + "\n").collect();
        assert_eq!(read(&flush, 0), texts, "without indentation the numbers do");
    }

    #[test]
    fn what_is_outside() {
        let mut groups = Groups::default();
        assert_eq!(groups.read("  | x"), Margin::Outside, "no group is open");
        groups.open(2);
        for text in ["", "x", "|x", "+ 1", "Traceback"] {
            assert_eq!(groups.read(text), Margin::Outside, "{text}");
        }
    }
}
