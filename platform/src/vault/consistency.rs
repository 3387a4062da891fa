//! Reading what was just written, from whichever node answers.
//!
//! Nodes of a cluster may serve reads from an older state (Vault Enterprise's performance standbys; OpenBao's standbys by
//! default). A write's answer carries `X-Vault-Index`; a request that carries it back is forwarded to the active node
//! where this node does not have that state yet (Vault ≥ 1.7, OpenBao ≥ 2.7).

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use http::{HeaderMap, HeaderName, HeaderValue};

const INDEX: HeaderName = HeaderName::from_static("x-vault-index");
const INCONSISTENT: HeaderName = HeaderName::from_static("x-vault-inconsistent");

/// How many states are asked for: indexes are opaque, and answers to writes made at the same time come in any order.
const KEPT: usize = 4;

/// The states that this connection's latest writes led to.
#[derive(Default)]
pub(super) struct States(Mutex<VecDeque<HeaderValue>>);

impl States {
    /// Remembers the state that the answer to a write names.
    pub(super) fn note(&self, answer: &HeaderMap) {
        let Some(index) = answer.get(INDEX) else {
            return;
        };
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        states.push_back(index.clone());
        if states.len() > KEPT {
            states.pop_front();
        }
    }

    /// Asks for these states, or later ones.
    pub(super) fn require(&self, request: &mut HeaderMap) {
        let states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for index in states.iter() {
            request.append(INDEX, index.clone());
        }
        if !states.is_empty() {
            request.insert(INCONSISTENT, HeaderValue::from_static("forward-active-node"));
        }
    }
}
