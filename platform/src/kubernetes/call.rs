//! One request, as it is asked.

use http::{Method, Request};
use kube::core::{
    params::{DeleteParams, PostParams, Preconditions},
    request,
};
use serde::Serialize;

use super::Address;
use crate::{
    error::{Error, ErrorKind, System},
    exchange::Named,
};

/// The name under which this program's fields are recorded in `metadata.managedFields`.
pub const FIELD_MANAGER: &str = "trustpath";

/// What is asked of the API server.
#[derive(Clone)]
pub(super) struct KubernetesCall {
    pub(super) request: Request<Vec<u8>>,
    /// It writes what is written under the lock of the run, and not the lock itself.
    pub(super) locked: bool,
}

impl KubernetesCall {
    /// A request that kube has built.
    pub(super) fn new(request: Result<Request<Vec<u8>>, request::Error>) -> Result<Self, Error> {
        match request {
            Ok(request) => {
                let locked = !request.method().is_safe();
                Ok(Self { request, locked })
            }
            Err(error) => Err(Error::new(System::Kubernetes, ErrorKind::InvalidRequest, "the request cannot be built")
                .because(&error)
                .help("see whether the names in the graph file are names of Kubernetes objects")),
        }
    }

    /// A request that kube builds of this body.
    pub(super) fn with(
        body: &impl Serialize,
        build: impl FnOnce(Vec<u8>) -> Result<Request<Vec<u8>>, request::Error>,
    ) -> Result<Self, Error> {
        let body = serde_json::to_vec(body).map_err(request::Error::SerializeBody);
        Self::new(body.and_then(build))
    }

    /// Makes an object, or replaces the one that is there.
    pub(super) fn put(at: &Address, object: &impl Serialize, is_there: bool) -> Result<Self, Error> {
        let request = at.request()?;
        let by = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
        Self::with(object, |body| match is_there {
            true => request.replace(&at.name, &by, body),
            false => request.create(&by, body),
        })
    }

    /// The deletion of an object, if it is still this one.
    pub(super) fn delete(at: &Address, still: Preconditions) -> Result<Self, Error> {
        let params = DeleteParams { preconditions: Some(still), ..DeleteParams::default() };
        Self::new(at.request()?.delete(&at.name, &params))
    }

    /// A plain read of a path.
    pub(super) fn get(path: &str) -> Result<Self, Error> {
        Self::new(Request::get(path).body(Vec::new()).map_err(request::Error::BuildRequest))
    }

    pub(super) fn method(&self) -> &Method {
        self.request.method()
    }

    pub(super) fn path(&self) -> &str {
        self.request.uri().path()
    }

    /// Whether it may change something: a dry run does not, and a review that is only asked counts as a write.
    pub(super) fn writes(&self) -> bool {
        let rehearsal = self.request.uri().query().is_some_and(|query| query.contains("dryRun=All"));
        !self.method().is_safe() && !rehearsal
    }

    pub(super) fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        Error::new(System::Kubernetes, kind, message).during(self.method(), self.path())
    }
}

impl Named for KubernetesCall {
    fn name(&self) -> (System, Method, &str) {
        (System::Kubernetes, self.method().clone(), self.path())
    }
}
