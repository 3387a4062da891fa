//! What a type of objects is.

use std::sync::Arc;

use serde_json::Value;

/// One resource type at one version.
#[derive(Debug, Clone)]
pub(crate) struct ResourceType {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) short_names: Vec<String>,
    pub(crate) namespaced: bool,
    /// Whether `status` is written through its own subresource, and nowhere else.
    pub(crate) status: bool,
    /// Answered on create and never stored, like a TokenReview.
    pub(crate) virtual_: bool,
    /// The definition that a custom resource comes from.
    pub(crate) crd: Option<Arc<Value>>,
}

impl ResourceType {
    pub(crate) fn api_version(&self) -> String {
        match self.group.as_str() {
            "" => self.version.clone(),
            group => format!("{group}/{}", self.version),
        }
    }

    pub(crate) fn verbs(&self) -> &'static [&'static str] {
        if self.virtual_ { &["create"] } else { &["create", "delete", "get", "list", "patch", "update"] }
    }
}
