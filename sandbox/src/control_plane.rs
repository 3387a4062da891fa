//! By what the server is known, and what it signs with.

use crate::{auth::Authenticator, controllers::Controllers};

/// Its keys, its certificate authority and its address: all of it that no request changes.
pub(crate) struct ControlPlane {
    pub(crate) authenticator: Authenticator,
    pub(crate) ca_pem: String,
    pub(crate) address: String,
}

impl ControlPlane {
    pub(crate) fn controllers(&self, now: i64) -> Controllers<'_> {
        Controllers { signer: &self.authenticator.signer, ca_pem: &self.ca_pem, now }
    }
}
