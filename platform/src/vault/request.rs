//! One request: the single endpoint that stands for every path, and its one way out.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use ::http::Method;
use rustify::{
    Endpoint,
    enums::{RequestMethod, RequestType, ResponseType},
    errors::ClientError,
};
use serde::Serialize;

use super::{Vault, answer, answer::Answer, health};
use crate::{
    error::{Error, Kind, System},
    exchange::{Named, NoAnswer, traced},
    retry::{Repeat, Seen},
    text::clean,
};

/// What is asked of Vault.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) verb: Verb,
    pub(super) path: String,
    pub(super) query: Option<&'static str>,
    pub(super) body: Option<Vec<u8>>,
    pub(super) repeat: Repeat,
    /// Something at this path was just made: 404 means not yet.
    pub(super) settling: bool,
    /// It writes what is written under the lock of the run, and not the lock itself.
    pub(super) locked: bool,
}

/// Vault's verbs. `List` travels as `GET ?list=true`, as Vault's own client sends it: proxies know no method `LIST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Read,
    List,
    Write,
    Delete,
}

impl Verb {
    /// The method as messages name it.
    pub(super) fn method(self) -> Method {
        match self {
            Self::Read | Self::List => Method::GET,
            Self::Write => Method::POST,
            Self::Delete => Method::DELETE,
        }
    }
}

impl Verb {
    /// Whether it may change something: what is only asked by a write counts as one.
    pub(super) fn writes(self) -> bool {
        matches!(self, Self::Write | Self::Delete)
    }
}

impl Call {
    pub(super) fn read(path: &str) -> Self {
        Self {
            verb: Verb::Read,
            path: path.to_owned(),
            query: None,
            body: None,
            repeat: Repeat::Harmless,
            settling: false,
            locked: false,
        }
    }

    pub(super) fn list(path: &str) -> Self {
        Self { verb: Verb::List, query: Some("list=true"), ..Self::read(path) }
    }

    pub(super) fn delete(path: &str) -> Self {
        Self { verb: Verb::Delete, locked: true, ..Self::read(path) }
    }

    pub(super) fn write(path: &str, body: &impl Serialize) -> Result<Self, Error> {
        let call = Self { verb: Verb::Write, locked: true, ..Self::read(path) };
        match serde_json::to_vec(body) {
            Ok(body) => Ok(Self { body: Some(body), ..call }),
            Err(error) => Err(call.error(Kind::Unspeakable, "a body cannot be written as JSON").because(&error)),
        }
    }

    pub(super) fn error(&self, kind: Kind, message: impl Into<String>) -> Error {
        Error::new(System::Vault, kind, message).during(&self.verb.method(), &self.path)
    }

    /// A path goes to the server as it is or not at all: URLs drop dot segments, and empty ones mean something else.
    fn check(&self) -> Result<(), Error> {
        let sound = |segment: &str| !matches!(segment, "" | "." | "..") && !segment.chars().any(char::is_control);
        if self.path.split('/').all(sound) {
            return Ok(());
        }
        let message = format!("`{}` is no path in Vault", clean(&self.path));
        Err(self
            .error(Kind::Unspeakable, message)
            .help("names may not be empty, `.`, `..`, or hold control characters"))
    }
}

impl Named for Call {
    fn name(&self) -> (System, Method, &str) {
        (System::Vault, self.verb.method(), &self.path)
    }
}

impl Endpoint for Call {
    type Response = ();
    const REQUEST_BODY_TYPE: RequestType = RequestType::JSON;
    const RESPONSE_BODY_TYPE: ResponseType = ResponseType::JSON;

    fn path(&self) -> String {
        self.path.clone()
    }

    fn method(&self) -> RequestMethod {
        match self.verb {
            Verb::Read | Verb::List => RequestMethod::GET,
            Verb::Write => RequestMethod::POST,
            Verb::Delete => RequestMethod::DELETE,
        }
    }

    fn query(&self) -> Result<Option<String>, ClientError> {
        Ok(self.query.map(str::to_owned))
    }

    fn body(&self) -> Result<Option<Vec<u8>>, ClientError> {
        Ok(self.body.clone())
    }
}

impl Vault {
    /// Makes a request, with retries. An answer that is no success is an error.
    pub(super) async fn call(&self, call: &Call) -> Result<Answer, Error> {
        call.check()?;
        let asked = AtomicBool::new(false);
        let limits = &self.server.limits;
        let kind = (call.repeat, call.verb.writes());
        let answer = limits.retry(kind, || self.attempt(call, &asked), || late(call, limits.total)).await;
        answer.map_err(|error| error.without(&self.credentials()))
    }

    /// One attempt. The first 503 asks the server whether it is sealed, which no patience mends.
    async fn attempt(&self, call: &Call, asked: &AtomicBool) -> Result<Answer, Error> {
        if call.locked && !self.server.fence.is_open() {
            return Err(Error::unlocked(System::Vault).during(&call.verb.method(), &call.path));
        }
        let answer = self.exchange(call).await?;
        if answer.is_success() {
            self.server.seen_mounts.note(self.namespace(), call, &answer);
            return Ok(answer);
        }
        if answer.status == 503 && !asked.swap(true, Ordering::Relaxed) && self.is_sealed().await {
            return Err(health::sealed().during(&call.verb.method(), &call.path));
        }
        let error = answer::refusal(call, &answer);
        let is_made = call.settling && answer.status == 404;
        Err(if is_made || is_beside_another(call, &error) { error.seen(Seen::NotYet) } else { error })
    }

    /// Sends once and receives once, whatever the answer.
    pub(super) async fn exchange(&self, call: &Call) -> Result<Answer, Error> {
        if !self.client.middle.token.is_empty() {
            self.server.asked.fetch_add(1, Ordering::Relaxed);
        }
        let result = traced(call, self.send(self.prepare(call)?)).await;
        if let Ok(answer) = &result
            && call.verb.writes()
        {
            self.server.states.note(&answer.headers);
        }
        result.map_err(|why| why.error(call, &self.client.http.base))
    }

    async fn send(&self, request: ::http::Request<Vec<u8>>) -> Result<Answer, NoAnswer> {
        let response = match reqwest::Request::try_from(request) {
            Ok(request) => self.client.http.http.execute(request).await,
            Err(error) => Err(error),
        };
        Answer::receive(response.map_err(|error| NoAnswer::Transport(error.into()))?.into()).await
    }

    fn prepare(&self, call: &Call) -> Result<::http::Request<Vec<u8>>, Error> {
        let unspeakable =
            |error: ClientError| call.error(Kind::Unspeakable, "the request cannot be built").because(&error);
        let endpoint = call.clone().with_middleware(&self.client.middle);
        let mut request = endpoint.request(&self.client.http.base).map_err(unspeakable)?;
        let headers = request.headers_mut();
        if let Some(token) = headers.get_mut("X-Vault-Token") {
            token.set_sensitive(true);
        }
        if let Some(host) = self.server.host.as_deref().and_then(|host| host.parse().ok()) {
            headers.insert(::http::header::HOST, host);
        }
        self.server.states.require(headers);
        Ok(request)
    }
}

/// Whether a read failed because another came at the same time: OpenBao writes its indexes while it lists (2.7.2, the secret
/// IDs of an AppRole), and one of two such transactions fails.
fn is_beside_another(call: &Call, error: &Error) -> bool {
    !call.verb.writes() && error.says("transaction commit failed")
}

/// The error for a request that was still under way when its time was over.
pub(super) fn late(call: &Call, total: Duration) -> Error {
    call.error(Kind::Timeout, format!("Vault did not answer within {} s", total.as_secs_f32()))
        .help("see whether Vault is overloaded; VAULT_CLIENT_TIMEOUT sets how long to wait")
}
