//! What reads came to.

use std::{collections::BTreeMap, sync::Arc};

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::failure::{Class, Problem, Report, Result};

/// What a read came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// This is there.
    Found(Value),
    /// Nothing is there.
    Nothing,
    /// It may not be seen, for this reason, and the step can do without.
    Refused(String),
    /// It could not be read, and the step can tell what that means.
    Failed(Report),
}

/// What was answered, by the name of the read. Steps that share a read share its answer, however large that is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answers(BTreeMap<String, Arc<Answer>>);

/// For the tests of what is decided with them.
impl<N: Into<String>> FromIterator<(N, Answer)> for Answers {
    fn from_iter<I: IntoIterator<Item = (N, Answer)>>(answers: I) -> Self {
        Self(answers.into_iter().map(|(name, answer)| (name.into(), Arc::new(answer))).collect())
    }
}

impl Answers {
    /// Answers that other steps may have too.
    pub(super) fn shared(answers: BTreeMap<String, Arc<Answer>>) -> Self {
        Self(answers)
    }

    /// What was found; `None` where there is nothing, it was refused, or it was not read.
    ///
    /// # Errors
    /// When it is not a `T`.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let Some(Answer::Found(found)) = self.answer(name) else { return Ok(None) };
        Ok(Some(T::deserialize(found).map_err(|error| unlike(name).because(error))?))
    }

    /// What the read came to; `None` where it was not read.
    pub fn answer(&self, name: &str) -> Option<&Answer> {
        self.0.get(name).map(Arc::as_ref)
    }

    /// Why it may not be seen.
    pub fn refused(&self, name: &str) -> Option<&str> {
        match self.answer(name)? {
            Answer::Refused(why) => Some(why),
            Answer::Found(_) | Answer::Nothing | Answer::Failed(_) => None,
        }
    }

    /// Why some of it may not be seen, for all that may not.
    pub(super) fn refusals(&self) -> impl Iterator<Item = &str> {
        self.0.keys().filter_map(|name| self.refused(name))
    }

    /// Why it could not be read.
    pub fn failed(&self, name: &str) -> Option<&Report> {
        match self.answer(name)? {
            Answer::Failed(report) => Some(report),
            Answer::Found(_) | Answer::Nothing | Answer::Refused(_) => None,
        }
    }

    /// Whether nothing was read yet: only rights are asked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }
}

fn unlike(name: &str) -> Problem {
    Problem::new(Class::Conflict, "trustpath::step::unlike", format!("what is there is no {name}"))
        .help("see whether something else is at this path")
}
