//! One request, as it is asked: the single endpoint that stands for every path.

use ::http::Method;
use rustify::{
    Endpoint,
    enums::{RequestMethod, RequestType, ResponseType},
    errors::ClientError,
};
use serde::Serialize;

use crate::{
    error::{Error, ErrorKind, System},
    exchange::Named,
    text::clean,
};

/// What is asked of Vault.
#[derive(Clone)]
pub(super) struct VaultCall {
    pub(super) operation: Operation,
    pub(super) path: String,
    pub(super) query: Option<&'static str>,
    pub(super) body: Option<Vec<u8>>,
    pub(super) resend: Resend,
    /// It writes what is written under the lock of the run, and not the lock itself.
    pub(super) locked: bool,
}

/// When a request is sent again by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resend {
    /// When the connection breaks: doing it twice has to be harmless.
    Repeated,
    /// When it is answered with 404, too: its mount was just made, and another node may not know it yet.
    Settling,
    /// Never: sent a second time it would fail, or do more.
    Once,
}

/// Vault's operations. `List` travels as `GET ?list=true`, as Vault's own client sends it: proxies know no method `LIST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Read,
    List,
    Write,
    Delete,
}

impl Operation {
    /// The method as messages name it.
    pub(super) fn method(self) -> Method {
        match self {
            Self::Read | Self::List => Method::GET,
            Self::Write => Method::POST,
            Self::Delete => Method::DELETE,
        }
    }

    /// Whether it may change something: what is only asked by a write counts as one.
    pub(super) fn writes(self) -> bool {
        matches!(self, Self::Write | Self::Delete)
    }
}

impl VaultCall {
    pub(super) fn read(path: &str) -> Self {
        Self {
            operation: Operation::Read,
            path: path.to_owned(),
            query: None,
            body: None,
            resend: Resend::Repeated,
            locked: false,
        }
    }

    pub(super) fn list(path: &str) -> Self {
        Self { operation: Operation::List, query: Some("list=true"), ..Self::read(path) }
    }

    pub(super) fn delete(path: &str) -> Self {
        Self { operation: Operation::Delete, locked: true, ..Self::read(path) }
    }

    pub(super) fn write(path: &str, body: &impl Serialize) -> Result<Self, Error> {
        let call = Self { operation: Operation::Write, locked: true, ..Self::read(path) };
        match serde_json::to_vec(body) {
            Ok(body) => Ok(Self { body: Some(body), ..call }),
            Err(error) => {
                Err(call.error(ErrorKind::InvalidRequest, "a body cannot be written as JSON").because(&error))
            }
        }
    }

    pub(super) fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        Error::new(System::Vault, kind, message).during(&self.operation.method(), &self.path)
    }

    /// A path goes to the server as it is or not at all: URLs drop dot segments, and empty ones mean something else.
    pub(super) fn check(&self) -> Result<(), Error> {
        let sound = |segment: &str| !matches!(segment, "" | "." | "..") && !segment.chars().any(char::is_control);
        if self.path.split('/').all(sound) {
            return Ok(());
        }
        let message = format!("`{}` is no path in Vault", clean(&self.path));
        Err(self
            .error(ErrorKind::InvalidRequest, message)
            .help("names may not be empty, `.`, `..`, or hold control characters"))
    }
}

impl Named for VaultCall {
    fn name(&self) -> (System, Method, &str) {
        (System::Vault, self.operation.method(), &self.path)
    }
}

impl Endpoint for VaultCall {
    type Response = ();
    const REQUEST_BODY_TYPE: RequestType = RequestType::JSON;
    const RESPONSE_BODY_TYPE: ResponseType = ResponseType::JSON;

    fn path(&self) -> String {
        self.path.clone()
    }

    fn method(&self) -> RequestMethod {
        match self.operation {
            Operation::Read | Operation::List => RequestMethod::GET,
            Operation::Write => RequestMethod::POST,
            Operation::Delete => RequestMethod::DELETE,
        }
    }

    fn query(&self) -> Result<Option<String>, ClientError> {
        Ok(self.query.map(str::to_owned))
    }

    fn body(&self) -> Result<Option<Vec<u8>>, ClientError> {
        Ok(self.body.clone())
    }
}
