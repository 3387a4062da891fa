//! What a policy reads besides itself: its rules, where they are in a file, and the version that a write replaces.

use std::path::PathBuf;

use async_trait::async_trait;
use miette::{Diagnostic, NamedSource, SourceSpan};
use serde_json::{Value, json};
use thiserror::Error;
use trustpath_core::{Answer, Class, Classified, Context, Read, Result, Right};
use trustpath_platform::{
    Vault,
    policy::{Capability, Misread},
    text_source::read_text,
    vault::{Deferred, Family, rights::on},
};

use crate::text::Text;

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

/// Rules that are none, for any server or for the one at hand.
#[derive(Debug, Error, Diagnostic)]
#[error("{path} is no policy{of}: {misread}")]
#[diagnostic(
    code(trustpath::policy::syntax),
    help("a policy is a list of `path \"…\" {{ capabilities = […] }}`, one setting a line, or the same as JSON")
)]
pub(crate) struct NoPolicy {
    path: String,
    of: &'static str,
    misread: Misread,
    #[source_code]
    text: NamedSource<String>,
    #[label("here")]
    at: Option<SourceSpan>,
}

impl NoPolicy {
    fn new(path: String, text: String, misread: Misread) -> Self {
        let at = misread.offset().map(|offset| (offset.min(text.len()), 0).into());
        Self { text: NamedSource::new(&path, text), path, of: "", misread, at }
    }

    /// For servers of this family alone. Of rules in the graph file the place is told, and not shown: there they may be written
    /// in other ways.
    pub(crate) fn of(family: Family, file: Option<(String, String)>, misread: Misread) -> Self {
        let of = if family == Family::OpenBao { " of OpenBao's" } else { " of HashiCorp Vault's" };
        let known = file.is_some();
        let (path, text) = file.unwrap_or_else(|| ("`rules`".to_owned(), String::new()));
        let new = Self::new(path, text, misread);
        Self { of, at: new.at.filter(|_| known), ..new }
    }
}

impl Classified for NoPolicy {
    fn class(&self) -> Class {
        Class::Config
    }
}

/// The version that a write replaces.
#[derive(Debug)]
pub(crate) struct PolicyVersion {
    pub(crate) path: String,
    pub(crate) namespace: Option<String>,
}

#[async_trait]
impl Deferred for PolicyVersion {
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
