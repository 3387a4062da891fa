//! Reading what was just written, from whichever node answers.
//!
//! Nodes of a cluster may serve reads from an older state (Vault Enterprise's performance standbys; OpenBao's standbys by
//! default). A write's answer carries `X-Vault-Index`; a request that carries it back is forwarded to the active node
//! where this node does not have that state yet (Vault ≥ 1.7, OpenBao ≥ 2.7).

use std::sync::{Mutex, PoisonError};

use http::{HeaderMap, HeaderName, HeaderValue};

const INDEX: HeaderName = HeaderName::from_static("x-vault-index");
const INCONSISTENT: HeaderName = HeaderName::from_static("x-vault-inconsistent");

/// The state that this connection's latest write led to.
///
/// Of writes that are made at the same time, the one that is answered last counts: indexes are opaque, so that there is no
/// telling which is the later one, and OpenBao (2.7) refuses a request that names two.
#[derive(Default)]
pub(super) struct States(Mutex<Option<HeaderValue>>);

impl States {
    /// Remembers the state that the answer to a write names.
    pub(super) fn note(&self, answer: &HeaderMap) {
        if let Some(index) = answer.get(INDEX) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(index.clone());
        }
    }

    /// Asks for this state, or a later one.
    pub(super) fn require(&self, request: &mut HeaderMap) {
        if let Some(index) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            request.insert(INDEX, index.clone());
            request.insert(INCONSISTENT, HeaderValue::from_static("forward-active-node"));
        }
    }
}
