//! All mistakes of a graph file, as one diagnostic.

use std::{error::Error, fmt};

use miette::{Diagnostic, LabeledSpan, SourceCode};

use super::{mistake::Mistake, sources::Space};
use crate::failure::{Class, Classified};

/// Every mistake in a graph file, in the order of their places. One alone is shown as itself.
#[derive(Debug)]
pub struct Mistakes {
    all: Vec<Mistake>,
    sources: Space,
}

impl Mistakes {
    /// Sorts the mistakes. There is at least one.
    pub(super) fn new(mut all: Vec<Mistake>, sources: Space) -> Self {
        all.sort_by_key(Mistake::place);
        Self { all, sources: sources.printable() }
    }

    /// Each mistake; its labels are positions in [`Diagnostic::source_code`] of the whole.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &(dyn Diagnostic + Send + Sync)> {
        self.all.iter().map(|mistake| mistake as &(dyn Diagnostic + Send + Sync))
    }

    fn alone(&self) -> Option<&Mistake> {
        match self.all.as_slice() {
            [mistake] => Some(mistake),
            _ => None,
        }
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.alone() {
            Some(mistake) => mistake.fmt(f),
            None => write!(f, "there are {} mistakes in the graph file", self.all.len()),
        }
    }
}

impl Error for Mistakes {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.alone()?.source()
    }
}

impl Diagnostic for Mistakes {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.alone().map_or_else(|| Some(Box::new("trustpath::file::mistakes") as Box<_>), Diagnostic::code)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.alone()
            .map_or_else(|| Some(Box::new("correct each of them; nothing was done") as Box<_>), Diagnostic::help)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.sources)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.alone()?.labels()
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        match self.alone() {
            Some(_) => None,
            None => Some(Box::new(self.all.iter().map(|mistake| mistake as &dyn Diagnostic))),
        }
    }

    fn diagnostic_source(&self) -> Option<&dyn Diagnostic> {
        self.alone()?.diagnostic_source()
    }
}

impl Classified for Mistakes {
    fn class(&self) -> Class {
        Class::Config
    }
}
