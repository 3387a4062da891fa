//! What a backend's step owns, and what it is compared and journaled as.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Held, MountState, session::OwnUse};

/// The mount, where it is the step's own, and the documents below it: `{"mount": {…}, "role": {…}}`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OwnedMount {
    /// The mount; `None` on one that is taken as a fact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) mount: Option<MountState>,
    #[serde(flatten)]
    pub(super) documents: BTreeMap<String, Held>,
}

impl OwnedMount {
    /// Whether there is anything.
    pub(super) fn is_something(&self) -> bool {
        self.mount.is_some() || !self.documents.is_empty()
    }

    /// The same without its mark, which says whose it is and not what.
    pub(super) fn unmarked(&self) -> Self {
        let mount = self.mount.clone().map(|mount| MountState { mark: None, ..mount });
        Self { mount, documents: self.documents.clone() }
    }

    /// What tokens may do for themselves, as far as a document says it.
    pub(super) fn own_use(&self) -> OwnUse {
        self.documents.values().map(OwnUse::of_role).fold(OwnUse { asks: true, revokes: true }, OwnUse::and)
    }
}
