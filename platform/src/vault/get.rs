//! Reading the `data` at a path, or listing the names below it, as data.

use async_trait::async_trait;
use serde_json::json;
use trustpath_core::{Answer, Context, Read, Result, Right};

use super::{Vault, rights::on};
use crate::{error::ErrorKind, policy::Capability};

/// Reads the `data` at a path, or lists the names below it.
#[derive(Debug, Clone)]
pub struct Get {
    namespace: Option<String>,
    path: String,
    lists: bool,
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
        Self { namespace: namespace.map(str::to_owned), path: path.into(), lists: false, denial: Denial::Fails }
    }

    /// The names below the path, as a list of texts.
    pub fn list(namespace: Option<&str>, path: impl Into<String>) -> Self {
        Self { lists: true, ..Self::new(namespace, path) }
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
        let capability = if self.lists { Capability::List } else { Capability::Read };
        match self.denial {
            Denial::Expected => Vec::new(),
            Denial::Fails | Denial::Answers => on(self.namespace.as_deref(), &self.path).may(&[capability]),
        }
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let vault = cx.handle::<Vault>().await?.within(self.namespace.as_deref());
        let found = if self.lists {
            vault.list(&self.path).await.map(|names| Some(json!(names)))
        } else {
            // Whatever it means that it may not be read: what is there is the same.
            cx.once(format!("{:?} {}", self.namespace, self.path), vault.read(&self.path)).await
        };
        match found {
            Ok(found) => Ok(found.map_or(Answer::Nothing, Answer::Found)),
            Err(error) if self.denial != Denial::Fails && self.is_refusal(error.kind()) => {
                Ok(Answer::Refused(error.to_string()))
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl Get {
    fn is_refusal(&self, kind: ErrorKind) -> bool {
        kind == ErrorKind::Denied || !self.lists && matches!(kind, ErrorKind::NotFound | ErrorKind::Rejected)
    }
}
