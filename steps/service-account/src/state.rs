//! What the step owns on the server.

use serde::{Deserialize, Serialize};
use trustpath_platform::kubernetes::owned::Owned;

/// A ServiceAccount, and its namespace where that bears the mark of this graph: the graph made it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The namespace, where this graph made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Owned>,
    /// The ServiceAccount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Owned>,
    /// What is lost when the two are removed.
    #[serde(skip)]
    pub beside: Beside,
}

/// Who else set something on the objects, as it was seen; no undo brings that back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    /// On the namespace.
    pub namespace: Vec<String>,
    /// On the ServiceAccount.
    pub account: Vec<String>,
}

impl State {
    /// `None` when nothing of it is there.
    pub(crate) fn there(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}
