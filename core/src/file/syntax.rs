//! From a text to its table, and the first place where the text is not TOML.

use std::collections::BTreeSet;

use toml::de::{DeTable, Error};

use super::{Span, mistake::FileMistake, sources::Placed};

/// What of a text is TOML.
#[derive(Debug)]
pub(super) struct Readable {
    /// Behind as many newlines as there are positions before it: what a parser says about it, it says in the space
    /// that all texts share.
    text: String,
    /// The lines that are left out, and the tables whose headers are among them.
    pub(super) unread: String,
    /// Why the first of them is.
    pub(super) mistake: Option<FileMistake>,
}

impl Readable {
    pub(super) fn table(&self) -> DeTable<'_> {
        DeTable::parse_recoverable(&self.text).0.into_inner()
    }
}

/// How often a text is tried: one that is not TOML by then never was.
const TRIES: usize = 64;
/// So often one line is left out, as what the parser says about later ones may only be a consequence of that; then ever
/// more at once.
const ONE_BY_ONE: usize = 48;

/// Leaves out what is not TOML. The parser's own recovery guesses at values, and ends at a key without a value; so the
/// lines that it complains about are left out instead, and what remains is parsed again, until it is TOML.
pub(super) fn readable(placed: &Placed) -> Readable {
    let mut left_out = BTreeSet::new();
    let (mut first, mut is_toml) = (None, false);
    for round in 0..TRIES {
        let (text, unread) = without(placed, &left_out);
        let (table, mut errors) = DeTable::parse_recoverable(&text);
        errors.sort_by_key(|error| place(error, placed).start);
        let lines: Vec<_> = errors.iter().map(|error| line(error, &text, placed)).collect();
        let Some(error) = errors.into_iter().next() else {
            let is_toml = left_out.len() < 3 || !table.get_ref().is_empty();
            let mistake = first.map(|first| mistake(&first, placed, is_toml));
            return Readable { text, unread, mistake };
        };
        // Leaving it out did not help: what else there is may well be TOML.
        is_toml = left_out.contains(&lines[0]);
        if is_toml {
            break;
        }
        // What was said about later lines, before this one was known, was a consequence of it.
        left_out.split_off(&lines[0]);
        if left_out.is_empty() {
            first = Some(error);
        }
        left_out.extend(lines.into_iter().take(1 << round.saturating_sub(ONE_BY_ONE)));
    }
    let mistake = first.map(|first| mistake(&first, placed, is_toml));
    Readable { text: String::new(), unread: placed.source.text.clone(), mistake }
}

fn place(error: &Error, placed: &Placed) -> Span {
    error.span().unwrap_or(placed.start..placed.start)
}

/// Where the line of an error begins.
fn line(error: &Error, text: &str, placed: &Placed) -> usize {
    let before = text[..place(error, placed).start].rfind('\n');
    before.map_or(placed.start, |end| placed.start.max(end + 1))
}

/// The parser has no kinds of errors, only messages; a test holds this one.
fn mistake(error: &Error, placed: &Placed, is_toml: bool) -> FileMistake {
    let (why, at) = (error.message(), place(error, placed));
    if !is_toml {
        let message = format!("{} is not a TOML file: {why}", placed.source.name);
        let help = "give the path of a graph file; `trustpath init` writes the standard one";
        return FileMistake::new("not_toml", message, help).at(at, "the first line that cannot be read");
    }
    if why == "duplicate key" {
        let help = "remove one of the two, or join the tables";
        return FileMistake::new("duplicate_key", "a key or table is there twice", help).at(at, "the second time");
    }
    let help = "correct this line: TOML is lines of `key = value` under `[table]` headers, with text in quotes";
    FileMistake::new("syntax", format!("this is not TOML: {why}"), help).at(at, "here")
}

/// A text in which these lines are blank, with the tables whose headers are among them; and these by themselves.
fn without(Placed { start, source }: &Placed, lines: &BTreeSet<usize>) -> (String, String) {
    let (mut text, mut unread) = ("\n".repeat(*start), String::new());
    let mut in_table = false;
    for line in source.text.split_inclusive('\n') {
        let is_header = line.trim_start().starts_with('[');
        let is_left_out = lines.contains(&text.len());
        in_table = if is_header { is_left_out } else { in_table };
        if is_left_out || in_table {
            unread.push_str(line);
            text.extend(line.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        } else {
            text.push_str(line);
        }
    }
    (text, unread)
}

#[cfg(test)]
mod tests {
    use miette::Diagnostic;

    use super::*;
    use crate::file::{Source, sources::Space};

    fn read(text: &str) -> Readable {
        let space = Space::new(vec![Source::new("before", "12"), Source::new("test", text)]);
        readable(space.iter().last().unwrap())
    }

    fn keys(readable: &Readable) -> Vec<String> {
        readable.table().keys().map(|key| key.get_ref().to_string()).collect()
    }

    /// What is said, and where in the text.
    fn said(readable: &Readable) -> (String, Span) {
        let mistake = readable.mistake.as_ref().expect("it is not TOML");
        let label = mistake.labels().unwrap().next().expect("it has a place");
        (mistake.to_string(), label.offset() - 3..label.offset() - 3 + label.len())
    }

    #[test]
    fn lines_after_a_broken_one_are_read() {
        let read = read("a = 1\nb\nc = 2h\nd = 4\n");
        assert_eq!(keys(&read), ["a", "d"]);
        assert_eq!(said(&read), ("this is not TOML: key with no value, expected `=`".to_owned(), 7..7));
        assert_eq!(read.unread, "b\nc = 2h\n");
    }

    #[test]
    fn what_stands_under_a_broken_header_belongs_to_no_other_table() {
        let read = read("[a]\nx = 1\n[b\ny = 2\n[c]\nx = 3\n");
        assert_eq!(keys(&read), ["a", "c"]);
        assert_eq!(read.unread, "[b\ny = 2\n");
    }

    #[test]
    fn a_key_that_is_there_twice_is_told_as_that() {
        assert_eq!(said(&read("a = 1\na = 2\n")), ("a key or table is there twice".to_owned(), 6..7));
    }

    #[test]
    fn a_table_that_is_never_closed_takes_no_others_along() {
        let read = read("[a]\nx = { y = 1\n\n[b]\nz = 1\n");
        assert_eq!(keys(&read), ["a", "b"]);
        assert_eq!(read.unread, "x = { y = 1\n");
    }

    #[test]
    fn what_only_follows_from_an_earlier_line_is_read() {
        let read = read("a = [1,\nb = 2\n\n[c]\nd = 1\n");
        assert_eq!(said(&read).1.start, 7, "{:?}", read.mistake);
        assert_eq!(keys(&read), ["b", "c"]);
    }

    #[test]
    fn a_text_that_cannot_be_mended_is_left_out() {
        let read = read("a = 1\nb = \"\"\"never closed\nc = 3\n");
        assert_eq!(keys(&read), [""; 0]);
        assert!(read.mistake.is_some() && read.unread.contains("c = 3"));
    }

    #[test]
    fn broken_lines_beyond_number_hide_nothing_else() {
        let read = read(&("a = 1\n".to_owned() + &"x y\n".repeat(500) + "b = 2\n"));
        assert_eq!((keys(&read), said(&read).1.start), (vec!["a".to_owned(), "b".to_owned()], 8));
    }
}
