//! Reading the `data` at a path, as data.

use async_trait::async_trait;
use serde_json::Value;
use trustpath_core::{Answer, Context, Read, Result, Right};

use super::{Vault, rights::on};
use crate::{error::Kind, policy::Capability};

/// Reads the `data` at a path.
#[derive(Debug, Clone)]
pub struct Get {
    namespace: Option<String>,
    path: String,
    denial: Denial,
}

/// What it means that it may not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Denial {
    /// The step cannot do without.
    Fails,
    /// It is an answer.
    Answers,
    /// It is an answer, and no right is asked for.
    Expected,
}

impl Get {
    /// All of it.
    pub fn new(namespace: Option<&str>, path: impl Into<String>) -> Self {
        Self { namespace: namespace.map(str::to_owned), path: path.into(), denial: Denial::Fails }
    }

    /// Without it, the step can do too: no right is asked for, and that it may not be read is an answer.
    #[must_use]
    pub fn optional(self) -> Self {
        Self { denial: Denial::Expected, ..self }
    }

    /// The right is asked for, and that it may not be read is an answer.
    #[must_use]
    pub fn or_refused(self) -> Self {
        Self { denial: Denial::Answers, ..self }
    }
}

#[async_trait]
impl Read for Get {
    fn rights(&self) -> Vec<Right> {
        match self.denial {
            Denial::Expected => Vec::new(),
            Denial::Fails | Denial::Answers => on(self.namespace.as_deref(), &self.path).may(&[Capability::Read]),
        }
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let vault = cx.handle::<Vault>().await?.within(self.namespace.as_deref());
        // Whatever it means that it may not be read: what is there is the same.
        let what = format!("{:?} {}", self.namespace, self.path);
        match cx.once(what, vault.read::<Value>(&self.path)).await {
            Ok(found) => Ok(found.map_or(Answer::Nothing, Answer::Found)),
            Err(error) if self.denial != Denial::Fails && is_refusal(error.kind()) => {
                Ok(Answer::Refused(error.to_string()))
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn is_refusal(kind: Kind) -> bool {
    matches!(kind, Kind::Denied | Kind::NotFound | Kind::Rejected)
}
