use std::fmt;

use crate::text::clean;

/// What is wrong in a text, behind the place in bytes from its beginning where that is known.
pub(super) type Mistake = (Option<usize>, String);

/// Why a policy's text is not understood, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread {
    why: String,
    /// Where, in bytes from the beginning.
    at: Option<usize>,
    /// Line and column, from 1.
    place: Option<(usize, usize)>,
}

impl Misread {
    /// Something about the text as a whole.
    pub fn whole(why: impl Into<String>) -> Self {
        Self { why: why.into(), at: None, place: None }
    }

    pub(super) fn new(text: &str, (at, why): Mistake) -> Self {
        Self { why, at, place: at.map(|at| place(text, at)) }
    }

    /// Where it is, in bytes from the beginning of the text.
    pub fn offset(&self) -> Option<usize> {
        self.at
    }

    /// Why, without the place.
    pub fn why(&self) -> String {
        clean(&self.why)
    }
}

/// Line and column of an offset, both from 1, the column in characters.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.place {
            write!(f, "line {line}, column {column}: ")?;
        }
        f.write_str(&self.why())
    }
}

impl std::error::Error for Misread {}
