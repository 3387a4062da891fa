//! What is wrong with a graph file.

use std::{error::Error, fmt};

use miette::{Diagnostic, LabeledSpan, SourceCode};

use super::{Span, sources::Space};
use crate::{
    failure::{Class, Classified},
    mistake,
};

/// One mistake in a graph file, with its places.
pub(super) type Mistake = mistake::Mistake<Span>;

impl Diagnostic for Mistake {
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
    all: Vec<Mistake>,
    /// What is said of several.
    summary: Option<Mistake>,
    sources: Space,
}

impl Mistakes {
    /// Sorts the mistakes. There is at least one. Where there is no text, there are no places either.
    pub(super) fn new(mut all: Vec<Mistake>, sources: Space) -> Self {
        all.iter_mut().for_each(|mistake| mistake.labels.retain(|(at, _)| sources.holds(&at.clone().into())));
        all.sort_by_key(|mistake| mistake.labels.iter().map(|(at, _)| at.start).min());
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
