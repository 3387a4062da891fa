//! The roles of the mount.

use async_trait::async_trait;
use serde_json::json;
use trustpath_core::{Answer, Context, Read, Result, Right};
use trustpath_platform::{Vault, error::Kind, policy::Capability, vault::rights::on};

/// Lists their names.
#[derive(Debug)]
pub(super) struct Roles {
    namespace: Option<String>,
    path: String,
    optional: bool,
}

impl Roles {
    pub(super) fn new(namespace: Option<&str>, path: String) -> Self {
        Self { namespace: namespace.map(str::to_owned), path, optional: false }
    }

    /// That they may not be listed is an answer.
    pub(super) fn optional(self) -> Self {
        Self { optional: true, ..self }
    }
}

#[async_trait]
impl Read for Roles {
    fn rights(&self) -> Vec<Right> {
        on(self.namespace.as_deref(), &self.path).may(&[Capability::List])
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let vault = cx.handle::<Vault>().await?.within(self.namespace.as_deref());
        match vault.list(&self.path).await {
            Ok(roles) => Ok(Answer::Found(json!(roles))),
            Err(error) if self.optional && error.kind() == Kind::Denied => Ok(Answer::Refused(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }
}
