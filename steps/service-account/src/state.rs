//! What the step owns on the server.

use serde::{Deserialize, Serialize};
use trustpath_platform::kubernetes::owned::{Owned, OwnedParts};

/// A ServiceAccount, and its namespace where that bears the mark of this graph: the graph made it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// The namespace, where this graph made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) namespace: Option<Owned>,
    /// The ServiceAccount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<Owned>,
}

impl OwnedParts<2> for State {
    fn split(self) -> [Option<Owned>; 2] {
        [self.namespace, self.account]
    }

    fn join([namespace, account]: [Option<Owned>; 2]) -> Option<Self> {
        (namespace.is_some() || account.is_some()).then_some(Self { namespace, account })
    }
}
