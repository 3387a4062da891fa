//! What a policy reads besides itself: its rules, where they are in a file, and the version that a write replaces.

use std::path::PathBuf;

use async_trait::async_trait;
use serde_json::{Value, json};
use trustpath_core::{Answer, Context, Read, Result, Right};
use trustpath_platform::{
    Vault,
    policy::Capability,
    text_source::read_text,
    vault::{Late, rights::on},
};

use crate::{error::NoPolicy, text::Text};

/// Reads rules from a file of their own, and sees that they are rules.
#[derive(Debug)]
pub(crate) struct File(pub(crate) PathBuf);

#[async_trait]
impl Read for File {
    fn rights(&self) -> Vec<Right> {
        Vec::new()
    }

    async fn perform(&self, _: &Context) -> Result<Answer> {
        let shown = self.0.display().to_string();
        let text = read_text(&self.0).await?;
        match Text::given(&text) {
            Ok(_) => Ok(Answer::Found(json!(text))),
            Err(misread) => Err(NoPolicy::new(shown, text, misread).into()),
        }
    }
}

/// The version that a write replaces.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) path: String,
    pub(crate) namespace: Option<String>,
}

#[async_trait]
impl Late for Version {
    fn placeholder(&self) -> String {
        "<the version that is there>".into()
    }

    fn why_unpinned(&self) -> String {
        "it is the version that is there when the policy is written".into()
    }

    fn rights(&self) -> Vec<Right> {
        on(self.namespace.as_deref(), &self.path).may(&[Capability::Read])
    }

    async fn fetch(&self, cx: &Context) -> Result<Value> {
        let vault = cx.handle::<Vault>().await?.within(self.namespace.as_deref());
        let answer: Option<Value> = vault.read(&self.path).await?;
        Ok(answer.map_or(json!(0), |answer| answer["version"].clone()))
    }
}
