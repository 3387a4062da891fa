//! Reads as data: what a step looks at before it decides.

use std::{collections::BTreeMap, fmt, sync::Arc};

use async_trait::async_trait;
use futures::future::try_join_all;

use super::{Answer, Answers, Context, Right, handle::was_not_looked_at, state::defect};
use crate::failure::{Failure, Result};

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
        Ok(Answers::shared(answers))
    }
}

impl Context {
    /// What a read comes to, which is asked once for all that share it. What lies on a system that is not looked at may not
    /// be seen.
    ///
    /// # Errors
    /// Those of the read.
    pub async fn read(&self, read: &dyn Read) -> Result<Arc<Answer>> {
        let perform = async {
            match read.perform(self).await {
                Err(failure) if was_not_looked_at(&failure) => Ok(Arc::new(Answer::Refused(failure.to_string()))),
                answer => answer.map(Arc::new),
            }
        };
        self.once(format!("{read:?}"), perform).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::contract::{Facts, Handles, StepConsent};

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
        let cx = Context::new("g", "s", Arc::new(Facts::default()), Arc::new(Handles::new()), StepConsent::default());
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
