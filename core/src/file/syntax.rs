//! From a text to its table, and every place where the text is not TOML.

use std::collections::BTreeMap;

use toml::de::{DeTable, Error};

use super::{
    Span,
    mistake::{Mistake, place},
    sources::Placed,
};

/// A text of which nothing is left but TOML.
#[derive(Debug)]
pub(super) struct Mended {
    /// Behind as many newlines as there are positions before it: what a parser says about it, it says in the space
    /// that all texts share.
    text: String,
    /// Why some lines are left out, at most one reason a line.
    flaws: Vec<Flaw>,
    /// Those lines, and the tables whose headers are among them.
    pub(super) unread: String,
    given_up: bool,
}

/// A place where a text is not TOML.
#[derive(Debug)]
struct Flaw {
    message: String,
    at: Span,
}

impl Mended {
    /// All that could be read.
    pub(super) fn table(&self) -> DeTable<'_> {
        DeTable::parse_recoverable(&self.text).0.into_inner()
    }

    /// What is wrong with the text. A text none of whose lines is TOML has one mistake.
    pub(super) fn mistakes(&self, name: &str) -> Vec<Mistake> {
        match self.flaws.as_slice() {
            [first, _, _, ..] if !self.given_up && self.table().is_empty() => {
                vec![Mistake::NotToml { name: name.to_owned(), message: first.message.clone(), at: place(&first.at) }]
            }
            flaws => flaws.iter().map(Flaw::mistake).collect(),
        }
    }
}

impl Flaw {
    /// The parser has no kinds of errors, only messages; a test holds this one.
    fn mistake(&self) -> Mistake {
        let at = place(&self.at);
        match self.message.as_str() {
            "duplicate key" => Mistake::DuplicateKey { at },
            message => Mistake::Syntax { message: message.to_owned(), at },
        }
    }
}

/// So many lines are left out one by one: what the parser says about the lines after the first wrong one may only be
/// a consequence of that. Then all that it complains about are left out at once, so many times.
const ONE_BY_ONE: usize = 48;
const AT_ONCE: usize = 16;

/// Leaves out what is not TOML. The parser's own recovery guesses at values, and ends at a key without a value; so the
/// lines that it complains about are left out instead, and what remains is parsed again, until it is TOML.
pub(super) fn mend(placed: &Placed) -> Mended {
    let mut text = Text::new(placed);
    let mut flaws = BTreeMap::new();
    for round in 0..ONE_BY_ONE + AT_ONCE {
        let (_, errors) = DeTable::parse_recoverable(&text.padded);
        if errors.is_empty() {
            let flaws = flaws.into_values().collect();
            return Mended { text: text.padded, flaws, unread: text.unread, given_up: false };
        }
        let mut found = by_line(&text, errors);
        found.retain(|line, _| !flaws.contains_key(line));
        let Some(first) = found.first_key_value().map(|(line, _)| *line) else { break };
        if round < ONE_BY_ONE {
            found.retain(|line, _| *line == first);
            // What was said about later lines, before this one was known, was a consequence of it.
            if !flaws.split_off(&first).is_empty() {
                text = Text::new(placed);
                flaws.keys().for_each(|line| text.leave_out(*line));
            }
        }
        found.keys().for_each(|line| text.leave_out(*line));
        flaws.append(&mut found);
    }
    let (text, unread) = (String::new(), placed.source.text.clone());
    Mended { text, flaws: flaws.into_values().collect(), unread, given_up: true }
}

/// The first complaint about each line, by the position of the line.
fn by_line(text: &Text, mut errors: Vec<Error>) -> BTreeMap<usize, Flaw> {
    let mut flaws = BTreeMap::new();
    errors.sort_by_key(|error| error.span().map(|span| span.start));
    for error in errors {
        let at = error.span().unwrap_or(text.start..text.start);
        let line = text.line(at.start).start;
        flaws.entry(line).or_insert_with(|| Flaw { message: error.message().to_owned(), at });
    }
    flaws
}

/// A text, padded, while lines are being left out.
struct Text {
    start: usize,
    padded: String,
    unread: String,
}

impl Text {
    fn new(Placed { start, source }: &Placed) -> Self {
        let mut padded = "\n".repeat(*start) + &source.text;
        if source.text.starts_with(BYTE_ORDER_MARK) {
            blank(&mut padded, *start..start + BYTE_ORDER_MARK.len_utf8());
        }
        Self { start: *start, padded, unread: String::new() }
    }

    /// The line around a position, without its end.
    fn line(&self, position: usize) -> Span {
        let before = self.padded[self.start..position].rfind('\n').map_or(self.start, |found| self.start + found + 1);
        let after = self.padded[position..].find('\n').map_or(self.padded.len(), |found| position + found);
        before..after
    }

    /// Blanks a line, and with the header of a table all that stands under it.
    fn leave_out(&mut self, position: usize) {
        let mut line = self.line(position);
        let header = is_header(&self.padded[line.clone()]);
        loop {
            self.unread.push_str(&self.padded[line.clone()]);
            self.unread.push('\n');
            blank(&mut self.padded, line.clone());
            if !header || line.end >= self.padded.len() {
                return;
            }
            line = self.line(line.end + 1);
            if is_header(&self.padded[line.clone()]) {
                return;
            }
        }
    }
}

const BYTE_ORDER_MARK: char = '\u{feff}';

fn is_header(line: &str) -> bool {
    line.trim_start().starts_with('[')
}

fn blank(text: &mut String, range: Span) {
    let spaces = " ".repeat(range.len());
    text.replace_range(range, &spaces);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::{Source, sources::Space};

    fn mended(text: &str) -> Mended {
        let space = Space::new(vec![Source::new("before", "12"), Source::new("test", text)]);
        mend(space.iter().last().unwrap())
    }

    fn keys(mended: &Mended) -> Vec<String> {
        mended.table().keys().map(|key| key.get_ref().to_string()).collect()
    }

    #[test]
    fn lines_after_a_broken_one_are_read() {
        let mended = mended("a = 1\nb\nc = 2h\nd = 4\n");
        assert_eq!(keys(&mended), ["a", "d"]);
        let lines: Vec<_> = mended.flaws.iter().map(|flaw| flaw.at.clone()).collect();
        assert_eq!(lines, [3 + 7..3 + 7, 3 + 12..3 + 14]);
        assert_eq!(mended.unread, "b\nc = 2h\n");
    }

    #[test]
    fn what_stands_under_a_broken_header_belongs_to_no_other_table() {
        let mended = mended("[a]\nx = 1\n[b\nx = 2\n[c]\nx = 3\n");
        assert_eq!(keys(&mended), ["a", "c"]);
        assert_eq!(mended.flaws.len(), 1);
        assert_eq!(mended.unread, "[b\nx = 2\n");
    }

    #[test]
    fn duplicates_behind_a_broken_line_are_found() {
        let mended = mended("x\na = 1\na = 2\n");
        let messages: Vec<_> = mended.flaws.iter().map(|flaw| flaw.message.as_str()).collect();
        assert_eq!(messages, ["key with no value, expected `=`", "duplicate key"]);
    }

    #[test]
    fn a_table_that_is_never_closed_is_one_flaw() {
        let mended = mended("[a]\nx = { y = 1\n\n[b]\nz = 1\n");
        assert_eq!(mended.flaws.len(), 1, "{:?}", mended.flaws);
        assert_eq!(keys(&mended), ["a", "b"]);
    }

    #[test]
    fn a_text_that_cannot_be_mended_is_left_out() {
        let mended = mended("a = 1\nb = \"\"\"never closed\nc = 3\n");
        assert_eq!((keys(&mended).len(), mended.flaws.len()), (0, 1));
        assert!(mended.unread.contains("c = 3"));
    }

    #[test]
    fn a_byte_order_mark_is_no_mistake() {
        let mended = mended("\u{feff}a = 1");
        assert_eq!((keys(&mended), mended.flaws.len()), (vec!["a".to_owned()], 0));
    }
}
