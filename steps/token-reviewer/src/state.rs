//! What the step owns on the server.

use serde::{Deserialize, Serialize};
use trustpath_platform::kubernetes::owned::Owned;

/// The three objects, each as far as our field manager or our wishes go.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The ServiceAccount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Owned>,
    /// The Secret, without the token that the cluster puts into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Owned>,
    /// The ClusterRoleBinding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<Owned>,
}

impl State {
    /// `None` when nothing of it is there.
    pub(crate) fn there(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }

    pub(crate) fn parts(&self) -> [&Option<Owned>; 3] {
        [&self.account, &self.secret, &self.binding]
    }

    pub(crate) fn parts_mut(&mut self) -> [&mut Option<Owned>; 3] {
        [&mut self.account, &mut self.secret, &mut self.binding]
    }
}
