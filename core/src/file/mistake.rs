//! What is wrong with a graph file.

use std::{error::Error, fmt};

use miette::{Diagnostic, LabeledSpan, SourceCode};

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
#[derive(Debug)]
pub struct Mistakes {
    /// What is said of several, where there are, and each.
    all: Vec<FileMistake>,
    sources: Space,
}

impl Mistakes {
    /// Sorts the mistakes. There is at least one. Where there is no text, there are no places either.
    pub(super) fn new(mut all: Vec<FileMistake>, sources: Space) -> Self {
        all.iter_mut()
            .for_each(|mistake| mistake.labels.retain(|(at, _)| sources.holding(&at.clone().into()).is_some()));
        all.sort_by_key(|mistake| mistake.labels.iter().map(|(at, _)| at.start).min());
        if all.len() != 1 {
            let message = format!("there are {} mistakes in the graph file", all.len());
            all.insert(0, FileMistake::new("mistakes", message, "correct each of them; nothing was done"));
        }
        Self { all, sources: sources.printable() }
    }

    /// Each mistake; its labels are positions in [`Diagnostic::source_code`] of the whole.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &(dyn Diagnostic + Send + Sync)> {
        let each = if self.all.len() == 1 { &self.all } else { &self.all[1..] };
        each.iter().map(|mistake| mistake as &(dyn Diagnostic + Send + Sync))
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.all[0].fmt(f)
    }
}

impl Error for Mistakes {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.all[0].source()
    }
}

impl Diagnostic for Mistakes {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.all[0].code()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.all[0].help()
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.sources)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.all[0].labels()
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.all[1..].iter().map(|mistake| mistake as &dyn Diagnostic)))
    }
}

impl Classified for Mistakes {
    fn class(&self) -> Class {
        Class::Config
    }
}
