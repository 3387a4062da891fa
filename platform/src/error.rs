//! What a request to either system can fail with.

use std::{error::Error as StdError, fmt, time::Duration};

use miette::Diagnostic;
use trustpath_core::{Class, Classified};

use crate::{
    hide::Secrets,
    seen::Attempt,
    text::{clean, listed},
};

/// One of the two systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// Vault or OpenBao.
    Vault,
    /// A Kubernetes API server.
    Kubernetes,
}

impl System {
    /// One of two texts: that of this system.
    pub(crate) fn either(self, vault: &'static str, kubernetes: &'static str) -> &'static str {
        match self {
            Self::Vault => vault,
            Self::Kubernetes => kubernetes,
        }
    }

    /// Its name in codes.
    pub(crate) fn key(self) -> &'static str {
        self.either("vault", "kubernetes")
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.either("Vault", "Kubernetes"))
    }
}

/// What went wrong; decides class and code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// No connection: refused, no route, no such host, a proxy that says no, or broken while in use.
    Unreachable,
    /// The TLS handshake failed: an unknown authority, another name, an expired certificate.
    Tls,
    /// The server is there and cannot serve now, or asks for patience for too long.
    Unavailable,
    /// A time limit passed; a write may have been made.
    Timeout,
    /// The credentials are not accepted at all.
    Unauthenticated,
    /// The credentials are good and lack a right.
    Denied,
    /// Vault is sealed.
    Sealed,
    /// Vault was never initialised.
    Uninitialized,
    /// This Vault does not serve requests of this sort: a disaster-recovery secondary, or namespaces asked of one that
    /// has none.
    Unserved,
    /// The Vault namespace does not exist.
    Namespace,
    /// The server sends elsewhere, and no credentials follow.
    Redirected,
    /// What the request is about does not exist.
    NotFound,
    /// Another client owns, made, or changed it.
    Conflict,
    /// The server understood and said no.
    Rejected,
    /// The server failed.
    Failed,
    /// The answer is none that this system gives.
    Malformed,
    /// The request cannot be written down: a name that is no path segment.
    InvalidRequest,
    /// The lock under which it would have been written is no longer held: nothing was sent.
    Unlocked,
}

impl ErrorKind {
    /// What a server says to those who may not.
    pub(crate) const REFUSALS: &[Self] = &[Self::Denied, Self::Unauthenticated];

    /// Its class, and its name in codes.
    fn told(self) -> (Class, &'static str) {
        match self {
            Self::Unreachable => (Class::Unreachable, "unreachable"),
            Self::Tls => (Class::Unreachable, "tls"),
            Self::Unavailable => (Class::Unreachable, "unavailable"),
            Self::Timeout => (Class::Timeout, "timeout"),
            Self::Unauthenticated => (Class::Denied, "unauthenticated"),
            Self::Denied => (Class::Denied, "denied"),
            Self::Sealed => (Class::Missing, "sealed"),
            Self::Uninitialized => (Class::Missing, "uninitialized"),
            Self::Unserved => (Class::Missing, "unserved"),
            Self::Namespace => (Class::Missing, "namespace"),
            Self::Redirected => (Class::Unreachable, "redirected"),
            Self::NotFound => (Class::Missing, "not_found"),
            Self::Conflict => (Class::Conflict, "conflict"),
            Self::Rejected => (Class::Rejected, "rejected"),
            Self::Failed => (Class::Rejected, "failed"),
            Self::Malformed => (Class::Unreachable, "malformed"),
            Self::InvalidRequest => (Class::Config, "name"),
            Self::Unlocked => (Class::Conflict, "unlocked"),
        }
    }
}

/// A failed request: what went wrong, which request it was, and the server's own words, without control characters.
///
/// It becomes a [`trustpath_core::Failure`] with `?`. It holds no token, no header, no body that was sent, and no query.
#[derive(Debug, Clone)]
pub struct Error(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    system: System,
    kind: ErrorKind,
    message: String,
    request: Option<String>,
    status: Option<u16>,
    said: Vec<String>,
    help: String,
    source: Option<Cause>,
    seen: Option<Attempt>,
    retry_after: Option<Duration>,
}

impl Error {
    pub(crate) fn new(system: System, kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            system,
            kind,
            message: message.into(),
            request: None,
            status: None,
            said: Vec::new(),
            help: String::new(),
            source: None,
            seen: None,
            retry_after: None,
        }))
    }

    /// A write that was not sent, because the lock of the run was lost.
    pub(crate) fn unlocked(system: System) -> Self {
        Self::new(system, ErrorKind::Unlocked, "the lock of this run is no longer held, and the request was not sent")
            .help("see who holds it, and continue the run as `trustpath runs` says")
    }

    /// Which request it was: method and path.
    pub(crate) fn during(mut self, method: &http::Method, path: &str) -> Self {
        self.0.request = Some(format!("{method} {}", clean(path)));
        self
    }

    /// What the server answered.
    pub(crate) fn answered(mut self, status: u16, said: impl IntoIterator<Item = String>) -> Self {
        self.0.status = Some(status);
        self.0.seen.get_or_insert(Attempt::Status(status));
        self.0.said = said.into_iter().map(|words| clean(&words)).filter(|words| !words.is_empty()).collect();
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = help.into();
        self
    }

    /// The error behind it; its texts are kept, cleaned.
    pub(crate) fn because(mut self, source: &(dyn StdError + 'static)) -> Self {
        self.0.source = Cause::of(source);
        self
    }

    /// Without the credentials of the connection, and without what looks like one in the words of others.
    pub(crate) fn without(mut self, held: &Secrets) -> Self {
        let inner = &mut *self.0;
        inner.message = held.hide_known(&inner.message);
        inner.help = held.hide_known(&inner.help);
        inner.said.iter_mut().for_each(|words| *words = held.hide(words));
        if let Some(source) = &mut inner.source {
            source.each(|text| held.hide(text));
        }
        self
    }

    pub(crate) fn seen(mut self, seen: Attempt) -> Self {
        self.0.seen = Some(seen);
        self
    }

    pub(crate) fn retry_after(mut self, after: Option<Duration>) -> Self {
        self.0.retry_after = after;
        self
    }

    /// What the retry policy goes by; `None` where repeating is out of the question.
    pub(crate) fn what_was_seen(&self) -> Option<Attempt> {
        self.0.seen
    }

    pub(crate) fn asked_patience(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The HTTP status, where there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The server's own words, cleaned, one entry a message.
    pub fn said(&self) -> &[String] {
        &self.0.said
    }

    /// Nothing in place of an error of one of these kinds, where that is an answer too.
    pub(crate) fn or_none<T>(result: Result<T, Self>, kinds: &[ErrorKind]) -> Result<Option<T>, Self> {
        match result {
            Err(error) if kinds.contains(&error.kind()) => Ok(None),
            result => result.map(Some),
        }
    }

    /// Whether any other request would fail like this one: the server itself cannot be reached, or does not know who asks.
    pub fn is_of_every_request(&self) -> bool {
        use ErrorKind::{Redirected, Tls, Unauthenticated, Unlocked, Unreachable};
        matches!(self.kind(), Unreachable | Tls | Redirected | Unauthenticated | Unlocked)
    }

    /// Whether the server's words contain this text; for the few cases where text is all there is.
    pub fn says(&self, text: &str) -> bool {
        self.0.said.iter().any(|words| words.contains(text))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if let Some(request) = &self.0.request {
            write!(f, " ({request}")?;
            match self.0.status {
                Some(status) => write!(f, ": {status})")?,
                None => write!(f, ")")?,
            }
        }
        if !self.0.said.is_empty() {
            write!(f, ": {}", listed(&self.0.said))?;
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}

impl Diagnostic for Error {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(format!("trustpath::{}::{}", self.0.system.key(), self.0.kind.told().1)))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.0.help.is_empty()).then(|| Box::new(&self.0.help) as Box<dyn fmt::Display>)
    }
}

impl Classified for Error {
    fn class(&self) -> Class {
        self.0.kind.told().0
    }
}

/// A chain of causes, as cleaned text: foreign errors may quote a server's bytes, or a URL.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{text}")]
struct Cause {
    text: String,
    #[source]
    next: Option<Box<Cause>>,
}

impl Cause {
    fn of(error: &(dyn StdError + 'static)) -> Option<Self> {
        let chain = std::iter::successors(Some(error), |&error| error.source()).take(8);
        let mut texts: Vec<_> = chain.map(|error| clean(&error.to_string())).collect();
        texts.dedup();
        texts.into_iter().rev().fold(None, |next, text| Some(Self { text, next: next.map(Box::new) }))
    }

    /// Changes every text of the chain.
    fn each(&mut self, change: impl Fn(&str) -> String) {
        let mut cause = Some(self);
        while let Some(Self { text, next }) = cause {
            *text = change(text);
            cause = next.as_deref_mut();
        }
    }
}
