//! Reads as data: what a step looks at before it decides.

use std::{collections::BTreeMap, fmt, sync::Arc};

use async_trait::async_trait;
use futures::future::try_join_all;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Context, Right, state::defect};
use crate::failure::{Class, Failure, Problem, Report, Result};

/// Something that is read before a decision. May be several requests where an answer leads to more.
///
/// Reads that are written alike (`Debug`) are the same read: what several steps read in one plan is read once.
#[async_trait]
pub trait Read: fmt::Debug + Send + Sync {
    /// What it takes.
    fn rights(&self) -> Vec<Right>;

    /// Reads. The answer holds no secret: what is derived from one (a digest) is derived here.
    ///
    /// # Errors
    /// When it cannot be read, and the step cannot do without.
    async fn perform(&self, cx: &Context) -> Result<Answer>;
}

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

/// Reads by name, all of them at the same time.
#[derive(Debug, Default)]
pub struct Reads(Vec<(String, Box<dyn Read>)>);

impl Reads {
    /// None.
    pub fn none() -> Self {
        Self::default()
    }

    /// With another.
    #[must_use]
    pub fn and(mut self, name: impl Into<String>, read: impl Read + 'static) -> Self {
        self.0.push((name.into(), Box::new(read)));
        self
    }

    /// What all of them take.
    pub fn rights(&self) -> Vec<Right> {
        self.0.iter().flat_map(|(_, read)| read.rights()).collect()
    }

    /// Those of them that are not among others.
    pub(super) fn besides(mut self, known: impl Fn(&str) -> bool) -> Self {
        self.0.retain(|(name, _)| !known(name));
        self
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(own, _)| own == name)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) async fn perform(&self, cx: &Context) -> Result<Answers> {
        let each = self.0.iter().map(|(name, read)| async move {
            let answer = cx.read(read.as_ref()).await?;
            Ok::<_, Failure>((name.clone(), answer))
        });
        let mut answers = BTreeMap::new();
        for (name, answer) in try_join_all(each).await? {
            if answers.insert(name.clone(), answer).is_some() {
                return Err(defect(&format!("two reads are called `{name}`")).into());
            }
        }
        Ok(Answers(answers))
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contract::{Consent, Facts, Handles};

    #[derive(Debug)]
    struct Says(Answer);

    #[async_trait]
    impl Read for Says {
        fn rights(&self) -> Vec<Right> {
            Vec::new()
        }

        async fn perform(&self, _: &Context) -> Result<Answer> {
            Ok(self.0.clone())
        }
    }

    async fn answers(reads: Reads) -> Result<Answers> {
        let cx = Context::new("g", "s", Arc::new(Facts::default()), Arc::new(Handles::new()), Consent::default());
        reads.perform(&cx).await
    }

    #[tokio::test]
    async fn what_was_found_has_its_type() {
        let reads = Reads::none().and("role", Says(Answer::Found(json!({"ttl": 1}))));
        let reads = reads.and("users", Says(Answer::Refused("no".into()))).and("mount", Says(Answer::Nothing));
        let answers = answers(reads).await.unwrap();
        assert_eq!(answers.get::<Value>("role").unwrap(), Some(json!({"ttl": 1})));
        let other = answers.get::<Vec<String>>("role").unwrap_err();
        assert_eq!(other.to_string(), "what is there is no role");
        assert_eq!((answers.get::<Value>("mount").unwrap(), answers.refused("mount")), (None, None));
        assert_eq!((answers.get::<Value>("users").unwrap(), answers.refused("users")), (None, Some("no")));
        assert_eq!(answers.refused("never read"), None);
    }

    #[tokio::test]
    async fn a_name_stands_for_one_read() {
        let reads = Reads::none().and("role", Says(Answer::Nothing)).and("role", Says(Answer::Nothing));
        let failure = answers(reads).await.unwrap_err();
        assert_eq!(failure.to_string(), "two reads are called `role`");
    }
}
