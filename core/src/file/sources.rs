//! The texts of a graph file, and the space of positions that they share.

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::Span;
use crate::unseen;

/// One text of a graph file, and what it is called in messages.
#[derive(Debug, Clone)]
pub struct Source {
    pub(super) name: String,
    pub(super) text: String,
    /// Makes of it what excerpts show in its place.
    pub(super) masked: fn(&str) -> String,
    /// It is one value, which a user laid over the files.
    pub(super) is_setting: bool,
}

impl Source {
    /// A text under a name: the path of the file that it was read from. Byte order marks are no part of it.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text: String = text.into();
        let text = text.trim_start_matches('\u{feff}').to_owned();
        Self { name: name.into(), text, masked: str::to_owned, is_setting: false }
    }

    /// With what makes of its text what excerpts show, such as one without credentials; asked only where there is a mistake. It
    /// has to be as long, as positions in it stay: else the text is shown.
    #[must_use]
    pub fn shown_by(self, masked: fn(&str) -> String) -> Self {
        Self { masked, ..self }
    }
}

/// All texts, one behind the other, so that a position says which text it is in.
#[derive(Debug, Default)]
pub(super) struct Space {
    sources: Vec<Placed>,
}

/// A text and where it begins.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) start: usize,
    pub(super) source: Source,
}

impl Space {
    /// Lays the texts out with one position between them: the end of a text is no position of the next.
    pub(super) fn new(sources: Vec<Source>) -> Self {
        let mut start = 0;
        let place = |source: Source| {
            let placed = Placed { start, source };
            start += placed.source.text.len() + 1;
            placed
        };
        Self { sources: sources.into_iter().map(place).collect() }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Placed> {
        self.sources.iter()
    }

    /// The same space with texts that a terminal can be trusted with. A character is as long as its stand-in, and so
    /// every position stays.
    pub(super) fn printable(mut self) -> Self {
        for Placed { source, .. } in &mut self.sources {
            source.text = printable(&source.text);
            source.name = printable(&source.name).replace(['\r', '\n', '\t'], "?");
        }
        self
    }

    /// The same space as excerpts show it, with asterisks for what stands at these places.
    pub(super) fn without(mut self, hidden: &[Span]) -> Self {
        for Placed { source, .. } in &mut self.sources {
            let masked = (source.masked)(&source.text);
            if masked.len() == source.text.len() {
                source.text = masked;
            }
        }
        for span in hidden {
            let found = self
                .sources
                .iter_mut()
                .find(|Placed { start, source }| *start <= span.start && span.end <= start + source.text.len());
            if let Some(Placed { start, source }) = found {
                source.text.replace_range(span.start - *start..span.end - *start, &"*".repeat(span.len()));
            }
        }
        self
    }

    /// The text that a span lies in.
    pub(super) fn holding(&self, span: &SourceSpan) -> Option<&Placed> {
        let behind = self.sources.partition_point(|placed| placed.start <= span.offset());
        let placed = self.sources.get(behind.checked_sub(1)?)?;
        (span.offset() + span.len() <= placed.start + placed.source.text.len()).then_some(placed)
    }
}

impl SourceCode for Space {
    /// A span that reaches from one text into another is out of bounds: labels in two texts are shown apart.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let Placed { start, source } = self.holding(span).ok_or(MietteError::OutOfBounds)?;
        let inside = SourceSpan::from((span.offset() - start, span.len()));
        let seen = source.text.read_span(&inside, lines_before, lines_after)?;
        let shown = SourceSpan::from((seen.span().offset() + start, seen.span().len()));
        let name = source.name.clone();
        let (line, column, count) = (seen.line(), seen.column(), seen.line_count());
        Ok(Box::new(MietteSpanContents::new_named(name, seen.data(), shown, line, column, count)))
    }
}

/// Control characters (a lone carriage return too, which only some programs take for the end of a line), and those that
/// change how the text around them is shown, become visible characters of the same length.
fn printable(text: &str) -> String {
    let mut characters = text.chars().peekable();
    let mut printable = String::with_capacity(text.len());
    while let Some(character) = characters.next() {
        let ends_line = character == '\r' && characters.peek() == Some(&'\n');
        let harmless = matches!(character, '\n' | '\t') || ends_line || !unseen(character);
        printable.push(match character.len_utf8() {
            _ if harmless => character,
            1 => '?',
            2 => '¿',
            _ => '\u{fffd}',
        });
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read_from_its_own_text_with_its_own_lines() {
        let space = Space::new(vec![Source::new("a", "one\ntwo"), Source::new("b", "three\nfour\n")]);
        let read = |offset: usize, length: usize| {
            let seen = space.read_span(&(offset, length).into(), 0, 0).ok()?;
            let text = String::from_utf8_lossy(seen.data()).into_owned();
            Some((seen.name()?.to_owned(), seen.line(), text))
        };
        assert_eq!(read(4, 3), Some(("a".into(), 1, "two".into())));
        assert_eq!(read(8 + 6, 4), Some(("b".into(), 1, "four".into())));
        assert_eq!(read(4, 5), None, "it reaches into the next text");
        assert_eq!(read(20, 1), None, "it lies behind the last text");
    }

    #[test]
    fn what_is_hidden_moves_nothing() {
        let space = Space::new(vec![Source::new("a", "one"), Source::new("b", "k = \"ä\"\n")])
            .without(std::slice::from_ref(&(8..12)));
        let seen = space.read_span(&(4, 9).into(), 0, 0).unwrap();
        assert_eq!(String::from_utf8_lossy(seen.data()), "k = ****\n");
    }

    #[test]
    fn what_is_shown_in_place_of_a_text_is_as_long() {
        let shown = |masked| {
            let source = Source::new("a", "k = \"eyJ\"").shown_by(masked);
            Space::new(vec![source]).without(&[]).sources.remove(0).source.text
        };
        assert_eq!(shown(|text| text.replace("eyJ", "***")), "k = \"***\"");
        assert_eq!(shown(|_| "k".to_owned()), "k = \"eyJ\"");
    }

    #[test]
    fn control_characters_never_reach_a_terminal_and_move_nothing() {
        let text = "a\u{1b}[31m\u{9b}b\r\nc\rd\te\u{7f}";
        assert_eq!(printable(text), "a?[31m¿b\r\nc?d\te?");
        assert_eq!(printable(text).len(), text.len());
    }

    #[test]
    fn text_runs_in_the_direction_in_which_it_is_read() {
        let text = "a\u{202e}b\u{2028}c\u{ad}d\u{feff}";
        assert_eq!(printable(text), "a\u{fffd}b\u{fffd}c¿d\u{fffd}");
        assert_eq!(printable(text).len(), text.len());
    }

    #[test]
    fn the_name_of_a_text_is_a_line() {
        let space = Space::new(vec![Source::new("a\u{1b}[2J\n\u{202e}b", "one")]).printable();
        let seen = space.read_span(&(0, 1).into(), 0, 0).unwrap();
        assert_eq!(seen.name(), Some("a?[2J?\u{fffd}b"));
    }
}
