//! What the step owns on the server.

use serde::{Deserialize, Serialize};
use trustpath_platform::kubernetes::owned::{Owned, OwnedParts};

/// The three objects, each as far as our field manager or our wishes go.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// The ServiceAccount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<Owned>,
    /// The Secret, without the token that the cluster puts into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) secret: Option<Owned>,
    /// The ClusterRoleBinding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) binding: Option<Owned>,
}

impl OwnedParts<3> for State {
    fn split(self) -> [Option<Owned>; 3] {
        [self.account, self.secret, self.binding]
    }

    fn join(parts: [Option<Owned>; 3]) -> Option<Self> {
        let is_there = parts.iter().any(Option::is_some);
        let [account, secret, binding] = parts;
        is_there.then_some(Self { account, secret, binding })
    }
}
