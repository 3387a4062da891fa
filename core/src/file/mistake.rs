//! What is wrong with a graph file.

use std::{error::Error, fmt};

use miette::{Diagnostic, LabeledSpan, SourceCode};
use thiserror::Error;

use super::{Span, sources::Space};
use crate::failure::{Class, Classified, Failure};

/// One mistake in a graph file, with its places.
#[derive(Debug, Error)]
#[error("{message}")]
pub(super) struct Mistake {
    code: &'static str,
    message: String,
    help: String,
    labels: Vec<LabeledSpan>,
    /// What is not there; nothing, where nobody can say what it is called.
    missed: Option<String>,
    #[source]
    why: Option<Failure>,
}

impl Mistake {
    pub(super) fn new(code: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        let (message, help) = (message.into(), help.into());
        Self { code, message, help, labels: Vec::new(), missed: None, why: None }
    }

    /// Says something about a place.
    #[must_use]
    pub(super) fn at(mut self, place: Span, label: impl Into<String>) -> Self {
        self.labels.push(LabeledSpan::new_with_span(Some(label.into()), place));
        self
    }

    /// It is about something that is not there.
    #[must_use]
    pub(super) fn misses(mut self, what: &str) -> Self {
        self.missed = Some(what.to_owned());
        self
    }

    #[must_use]
    pub(super) fn because(mut self, why: Failure) -> Self {
        self.why = Some(why);
        self
    }

    /// Whether it misses what may stand in `unread`, the lines that could not be read: then it is no mistake of its own.
    pub(super) fn may_be_in(&self, unread: &str) -> bool {
        !unread.is_empty() && self.missed.as_ref().is_some_and(|missed| unread.contains(missed))
    }

    pub(super) fn has_place(&self) -> bool {
        !self.labels.is_empty()
    }

    /// Where it begins; mistakes are shown in this order.
    fn place(&self) -> usize {
        self.labels.iter().map(LabeledSpan::offset).min().unwrap_or(0)
    }
}

impl Diagnostic for Mistake {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(format!("trustpath::file::{}", self.code)))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.help))
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

/// Every mistake in a graph file, in the order of their places. One alone is shown as itself.
#[derive(Debug)]
pub struct Mistakes {
    all: Vec<Mistake>,
    /// What is said of several.
    summary: Option<Mistake>,
    sources: Space,
}

impl Mistakes {
    /// Sorts the mistakes. There is at least one. Where there is no text, there are no places either.
    pub(super) fn new(mut all: Vec<Mistake>, sources: Space) -> Self {
        all.iter_mut().for_each(|mistake| mistake.labels.retain(|label| sources.holds(label.inner())));
        all.sort_by_key(Mistake::place);
        let message = format!("there are {} mistakes in the graph file", all.len());
        let several = Mistake::new("mistakes", message, "correct each of them; nothing was done");
        let summary = (all.len() != 1).then_some(several);
        Self { all, summary, sources: sources.printable() }
    }

    /// Each mistake; its labels are positions in [`Diagnostic::source_code`] of the whole.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &(dyn Diagnostic + Send + Sync)> {
        self.all.iter().map(|mistake| mistake as &(dyn Diagnostic + Send + Sync))
    }

    fn shown(&self) -> &Mistake {
        self.summary.as_ref().unwrap_or_else(|| &self.all[0])
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown().fmt(f)
    }
}

impl Error for Mistakes {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.shown().source()
    }
}

impl Diagnostic for Mistakes {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.shown().code()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.shown().help()
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.sources)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.shown().labels()
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        self.summary.as_ref()?;
        Some(Box::new(self.all.iter().map(|mistake| mistake as &dyn Diagnostic)))
    }
}

impl Classified for Mistakes {
    fn class(&self) -> Class {
        Class::Config
    }
}

/// A name from the file, in quotes, with nothing in it that a terminal would act on.
pub(super) fn quoted(name: &str) -> String {
    format!("`{}`", name.escape_debug())
}
