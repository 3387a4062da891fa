//! A mistake of a user: what it is, what to do about it, and where it shows.

use thiserror::Error;

use crate::failure::Failure;

/// A mistake. What finds it says where it shows in its own way, `P`.
#[derive(Debug, Error)]
#[error("{message}")]
pub struct Mistake<P> {
    pub(crate) code: &'static str,
    message: String,
    pub(crate) help: String,
    pub(crate) labels: Vec<(P, String)>,
    pub(crate) hidden: Option<P>,
    missed: Option<String>,
    #[source]
    why: Option<Failure>,
}

impl<P> Mistake<P> {
    pub(crate) fn new(code: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        let (message, help) = (message.into(), help.into());
        Self { code, message, help, labels: Vec::new(), hidden: None, missed: None, why: None }
    }

    /// Says something about a place.
    #[must_use]
    pub(crate) fn at(mut self, place: P, label: impl Into<String>) -> Self {
        self.labels.push((place, label.into()));
        self
    }

    /// What stands at a place may be a secret, and is not shown.
    #[must_use]
    pub(crate) fn hiding(mut self, place: P) -> Self {
        self.hidden = Some(place);
        self
    }

    /// It is about something that is not there: a name, or any text, where no one can say what it is called.
    #[must_use]
    pub(crate) fn misses(mut self, what: &str) -> Self {
        self.missed = Some(what.to_owned());
        self
    }

    #[must_use]
    pub(crate) fn because(mut self, why: Failure) -> Self {
        self.why = Some(why);
        self
    }

    /// The same mistake with other places.
    pub(crate) fn placed<Q>(self, place: impl Fn(P) -> Q) -> Mistake<Q> {
        let Self { code, message, help, labels, hidden, missed, why } = self;
        let hidden = hidden.map(&place);
        let labels = labels.into_iter().map(|(at, label)| (place(at), label)).collect();
        Mistake { code, message, help, labels, hidden, missed, why }
    }

    /// Whether it misses what may stand in `unread`, the lines that could not be read: then it is no mistake of its own.
    pub(crate) fn may_be_in(&self, unread: &str) -> bool {
        !unread.is_empty() && self.missed.as_ref().is_some_and(|missed| unread.contains(missed))
    }
}

/// A name that a user wrote, in quotes, with nothing in it that a terminal would act on.
pub(crate) fn quoted(name: &str) -> String {
    // Between backticks a quotation mark, as names of repeated steps have, needs no escaping.
    format!("`{}`", name.escape_debug()).replace("\\\"", "\"")
}
