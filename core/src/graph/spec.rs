//! What a graph is made of.

use std::sync::Arc;

use serde_json::Value;

use super::Node;
use crate::contract::Step;

/// A step before it has a place in a graph.
pub struct Spec {
    /// Its name.
    pub name: String,
    /// The name of its kind.
    pub uses: String,
    /// Its configuration as plain data.
    pub with: Value,
    /// The names of the steps that it needs.
    pub needs: Vec<String>,
    /// What it does; missing, where it has a mistake of its own: the others can be looked at all the same.
    pub step: Option<Arc<dyn Step>>,
}

impl From<&Node> for Spec {
    fn from(node: &Node) -> Self {
        let Node { name, uses, with, needs, step, .. } = node;
        Self {
            name: name.to_string(),
            uses: uses.clone(),
            with: with.clone(),
            needs: needs.clone(),
            step: Some(Arc::clone(step)),
        }
    }
}
