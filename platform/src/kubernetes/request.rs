//! One request, and its one way out.

use std::error::Error as StdError;

use http::{Method, Request};
use kube::{
    client::{AuthError, Body},
    core::params::{DeleteParams, Preconditions},
};
use serde::Serialize;

use super::{Address, Cluster, answer, open};
use crate::{
    error::{Error, Kind, System},
    exchange::{Answer, Named, NoAnswer, traced},
    retry::Repeat,
    text::clean,
};

/// What is asked of the API server.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) request: Request<Vec<u8>>,
    /// It writes what is written under the lock of the run, and not the lock itself.
    pub(super) locked: bool,
}

impl Call {
    /// A request that kube has built.
    pub(super) fn new(request: Result<Request<Vec<u8>>, kube::core::request::Error>) -> Result<Self, Error> {
        match request {
            Ok(request) => {
                let locked = !request.method().is_safe();
                Ok(Self { request, locked })
            }
            Err(error) => Err(Error::new(System::Kubernetes, Kind::Unspeakable, "the request cannot be built")
                .because(&error)
                .help("see whether the names in the graph file are names of Kubernetes objects")),
        }
    }

    /// A request that kube builds of this body.
    pub(super) fn with(
        body: &impl Serialize,
        build: impl FnOnce(Vec<u8>) -> Result<Request<Vec<u8>>, kube::core::request::Error>,
    ) -> Result<Self, Error> {
        let body = serde_json::to_vec(body).map_err(kube::core::request::Error::SerializeBody);
        Self::new(body.and_then(build))
    }

    /// The deletion of an object, if it is still this one.
    pub(super) fn delete<K>(at: &Address<K>, still: Preconditions) -> Result<Self, Error> {
        let params = DeleteParams { preconditions: Some(still), ..DeleteParams::default() };
        Self::new(kube::core::Request::new(at.collection()?).delete(at.name(), &params))
    }

    /// A plain read of a path.
    pub(super) fn get(path: &str) -> Result<Self, Error> {
        Self::new(Request::get(path).body(Vec::new()).map_err(kube::core::request::Error::BuildRequest))
    }

    pub(super) fn method(&self) -> &Method {
        self.request.method()
    }

    pub(super) fn path(&self) -> &str {
        self.request.uri().path()
    }

    /// Whether it may change something: a dry run does not, and a review that is only asked counts as a write.
    fn writes(&self) -> bool {
        let rehearsal = self.request.uri().query().is_some_and(|query| query.contains("dryRun=All"));
        !self.method().is_safe() && !rehearsal
    }

    pub(super) fn error(&self, kind: Kind, message: impl Into<String>) -> Error {
        Error::new(System::Kubernetes, kind, message).during(self.method(), self.path())
    }
}

impl Named for Call {
    fn name(&self) -> (System, Method, &str) {
        (System::Kubernetes, self.method().clone(), self.path())
    }
}

impl Cluster {
    /// Makes a request, with retries. An answer that is no success is an error.
    pub(super) async fn call(&self, call: &Call) -> Result<Answer, Error> {
        let limits = &self.limits;
        let late = || {
            call.error(Kind::Timeout, format!("Kubernetes did not answer within {} s", limits.total.as_secs_f32()))
                .help("see whether the API server is overloaded")
        };
        let answer = limits.retry((Repeat::Harmless, call.writes()), || self.attempt(call), late).await;
        let answer = answer.map_err(|error| error.without(&self.server.held))?;
        // What is listed to see whether a namespace is empty is of every type, deprecated ones too: no one can do anything
        // about that.
        if !call.method().is_safe() {
            let headers = answer.headers.get_all(http::header::WARNING).iter().filter_map(|value| value.to_str().ok());
            let warnings: Vec<_> = headers.map(|header| self.server.held.hide(&warning(header))).collect();
            self.server.heard.note(&warnings);
        }
        Ok(answer)
    }

    async fn attempt(&self, call: &Call) -> Result<Answer, Error> {
        if call.locked && !self.server.fence.is_open() {
            return Err(Error::unlocked(System::Kubernetes).during(call.method(), call.path()));
        }
        let answer = traced(call, self.exchange(call)).await.map_err(|why| self.failure(call, &why))?;
        if answer.is_success() { Ok(answer) } else { Err(answer::refusal(call, &answer)) }
    }

    async fn exchange(&self, call: &Call) -> Result<Answer, NoAnswer> {
        let request = call.request.clone().map(Body::from);
        let response = self.opening.send(request, |request| self.client.send(request)).await;
        Answer::receive(response.map_err(|error| NoAnswer::Transport(error.into()))?).await
    }

    /// The error for a request that got no answer.
    fn failure(&self, call: &Call, why: &NoAnswer) -> Error {
        match credentials(why) {
            Some(auth) => call
                .error(Kind::Unauthenticated, open::why(auth))
                .help("run the command under `exec` in the kubeconfig by hand, or log in again"),
            None => why.error(call, &self.api_server().url),
        }
    }
}

/// The credentials' own error, wherever it is in the chain.
fn credentials(why: &NoAnswer) -> Option<&AuthError> {
    let NoAnswer::Transport(error) = why else { return None };
    let chain = std::iter::successors(Some(&**error as &(dyn StdError + 'static)), |&error| error.source());
    chain.into_iter().find_map(|error| error.downcast_ref())
}

/// `299 - "text"`: what is between the quotes.
fn warning(header: &str) -> String {
    let inside = header.split_once('"').and_then(|(_, rest)| rest.rsplit_once('"')).map(|(text, _)| text);
    clean(&inside.unwrap_or(header).replace("\\\"", "\""))
}
