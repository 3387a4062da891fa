//! Listing the names below a path, as data.

use async_trait::async_trait;
use serde_json::json;
use trustpath_core::{Answer, Context, Read, Result, Right};

use super::{Vault, rights::on};
use crate::{error::Kind, policy::Capability};

/// Lists the names below a path. The answer is a list of texts.
#[derive(Debug, Clone)]
pub struct List {
    namespace: Option<String>,
    path: String,
    refusable: bool,
}

impl List {
    /// All of them.
    pub fn new(namespace: Option<&str>, path: impl Into<String>) -> Self {
        Self { namespace: namespace.map(str::to_owned), path: path.into(), refusable: false }
    }

    /// The right is asked for, and that they may not be listed is an answer.
    #[must_use]
    pub fn or_refused(self) -> Self {
        Self { refusable: true, ..self }
    }
}

#[async_trait]
impl Read for List {
    fn rights(&self) -> Vec<Right> {
        on(self.namespace.as_deref(), &self.path).may(&[Capability::List])
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let vault = cx.handle::<Vault>().await?.within(self.namespace.as_deref());
        match vault.list(&self.path).await {
            Ok(names) => Ok(Answer::Found(json!(names))),
            Err(error) if self.refusable && error.kind() == Kind::Denied => Ok(Answer::Refused(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }
}
