//! The cluster behind the server: its objects, its keys, and the log of its requests.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::{
    auth::{Authenticator, User},
    control_plane::ControlPlane,
    object,
    routes::{self, Reply, Request},
    seed,
    status::Status,
    storage::Store,
};

/// One request that the server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLine {
    /// The HTTP method.
    pub method: String,
    /// The path, with its query as the client sent it.
    pub path: String,
    /// The HTTP status of the reply.
    pub status: u16,
    /// Who asked: a user name, empty for a token that was turned away.
    pub user: String,
}

/// Everything that one server holds. Requests are answered one at a time.
pub(crate) struct Cluster {
    pub(crate) plane: ControlPlane,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    store: Store,
    log: Vec<RequestLine>,
}

impl Cluster {
    pub(crate) fn new(authenticator: Authenticator, ca_pem: String, address: String) -> Self {
        let cluster = Self { plane: ControlPlane { authenticator, ca_pem, address }, state: Mutex::default() };
        {
            let store = &mut cluster.state().store;
            seed::plant(store);
            cluster.plane.controllers(object::now()).settle(store);
        }
        cluster
    }

    /// Answers and logs a request; `path` is as the client sent it.
    pub(crate) fn answer(&self, path: String, request: &Request) -> Reply {
        let mut state = self.state();
        let mut user = String::new();
        let reply = routes::authenticate(&self.plane, &state.store, request).and_then(|caller| {
            user.clone_from(&caller.name);
            routes::answer(&self.plane, &mut state.store, &caller, request)
        });
        let reply = reply.unwrap_or_else(Reply::from);
        let method = request.method.to_string();
        state.log.push(RequestLine { method, path, status: reply.code, user });
        reply
    }

    /// Applies a manifest as the administrator, past the log.
    ///
    /// # Errors
    /// The server's `Status`.
    pub(crate) fn apply(&self, manifest: &str) -> Result<(), Status> {
        let mut state = self.state();
        let request = routes::apply_request(&state.store, manifest)?;
        let admin = User::named("kubernetes-admin", vec!["system:masters".to_owned()]);
        routes::answer(&self.plane, &mut state.store, &admin, &request).map(drop)
    }

    pub(crate) fn requests(&self) -> Vec<RequestLine> {
        self.state().log.clone()
    }

    pub(crate) fn clear_requests(&self) {
        self.state().log.clear();
    }

    pub(crate) fn snapshot(&self) -> Value {
        self.state().store.snapshot()
    }

    /// A panic in one request must not take the others with it; the store is whole at all times.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
