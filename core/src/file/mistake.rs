//! What is wrong with a graph file.

use std::{error::Error, fmt, slice};

use miette::{Diagnostic, LabeledSpan};

use super::{Span, sources::Space};
use crate::{
    failure::{Class, Classified},
    mistake,
};

/// One mistake in a graph file, with its places.
pub(super) type FileMistake = mistake::Mistake<Span>;

impl Diagnostic for FileMistake {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(format!("trustpath::file::{}", self.code)))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.help))
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = |(at, text): &(Span, String)| LabeledSpan::new_with_span(Some(text.clone()), at.clone());
        Some(Box::new(self.labels.iter().map(label)))
    }
}

/// Every mistake in a graph file, in the order of their places. One alone is shown as itself.
#[derive(Debug, Diagnostic)]
#[diagnostic(forward(first))]
pub struct Mistakes {
    /// What is said of all, or the only one.
    first: Box<FileMistake>,
    /// Each of several.
    #[related]
    each: Vec<FileMistake>,
    #[source_code]
    sources: Space,
}

impl Mistakes {
    /// Sorts the mistakes. There is at least one. Where there is no text, there are no places either.
    pub(super) fn new(mut each: Vec<FileMistake>, sources: Space) -> Self {
        each.iter_mut()
            .for_each(|mistake| mistake.labels.retain(|(at, _)| sources.holding(&at.clone().into()).is_some()));
        each.sort_by_key(|mistake| mistake.labels.iter().map(|(at, _)| at.start).min());
        let hidden: Vec<_> = each.iter().filter_map(|mistake| mistake.hidden.clone()).collect();
        let alone = if each.len() == 1 { each.pop() } else { None };
        let first = alone.unwrap_or_else(|| {
            let message = format!("there are {} mistakes in the graph file", each.len());
            FileMistake::new("mistakes", message, "correct each of them; nothing was done")
        });
        Self { first: Box::new(first), each, sources: sources.without(&hidden).printable() }
    }

    /// Each mistake; its labels are positions in [`Diagnostic::source_code`] of the whole.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &(dyn Diagnostic + Send + Sync)> {
        let each = if self.each.is_empty() { slice::from_ref(&*self.first) } else { &self.each };
        each.iter().map(|mistake| mistake as &(dyn Diagnostic + Send + Sync))
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.fmt(f)
    }
}

impl Error for Mistakes {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.first.source()
    }
}

impl Classified for Mistakes {
    fn class(&self) -> Class {
        Class::Config
    }
}
