//! One request, and its one way out.

use std::error::Error as StdError;

use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use kube::client::{AuthError, Body};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::{Cluster, answer, open};
use crate::{
    error::{Error, Kind, System},
    retry::{Repeat, Seen},
    text::clean,
    tls::{self, Transport},
};

/// More than any answer that this program asks for; a server that sends more is not believed.
const LARGEST: usize = 32 << 20;

const CLIENT_CERTIFICATE: &str = "the API server may not take the kubeconfig's client certificate: is it expired?";

/// What is asked of the API server.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) request: Request<Vec<u8>>,
    pub(super) repeat: Repeat,
    /// It writes what is written under the lock of the run, and not the lock itself.
    pub(super) locked: bool,
}

/// An HTTP answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Why there is no answer.
enum NoAnswer {
    Transport(kube::Error),
    TooLarge,
}

impl From<kube::Error> for NoAnswer {
    fn from(error: kube::Error) -> Self {
        Self::Transport(error)
    }
}

impl NoAnswer {
    fn of_body(error: Box<dyn StdError + Send + Sync>) -> Self {
        if error.is::<LengthLimitError>() { Self::TooLarge } else { Self::Transport(kube::Error::Service(error)) }
    }
}

impl Call {
    /// A request that kube has built.
    pub(super) fn new(request: Result<Request<Vec<u8>>, kube::core::request::Error>) -> Result<Self, Error> {
        match request {
            Ok(request) => {
                let locked = !request.method().is_safe();
                Ok(Self { request, repeat: Repeat::Harmless, locked })
            }
            Err(error) => Err(Error::new(System::Kubernetes, Kind::Unspeakable, "the request cannot be built")
                .because(&error)
                .help("see whether the names in the graph file are names of Kubernetes objects")),
        }
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

impl Answer {
    pub(super) fn parse<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            call.error(Kind::Malformed, format!("the answer is none that Kubernetes gives: unexpected data at {place}"))
                .answered(self.status, [])
                .help("see whether the kubeconfig's server is a Kubernetes API server, and not something before it")
        })
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
        let answer = limits.retry((call.repeat, call.writes()), || self.attempt(call), late).await;
        let answer = answer.map_err(|error| error.without(&self.server.held))?;
        // What is listed to see whether a namespace is empty is of every type, deprecated ones too: no one can do anything
        // about that.
        if !call.method().is_safe() {
            self.server.heard.note(&self.warnings_of(&answer));
        }
        Ok(answer)
    }

    /// What the server warns of, cleaned.
    pub(super) fn warnings_of(&self, answer: &Answer) -> Vec<String> {
        let headers = answer.headers.get_all(http::header::WARNING).iter().filter_map(|value| value.to_str().ok());
        headers.map(|header| self.server.held.hide(&warning(header))).collect()
    }

    async fn attempt(&self, call: &Call) -> Result<Answer, Error> {
        if call.locked && !self.server.fence.is_open() {
            return Err(Error::unlocked(System::Kubernetes).during(call.method(), call.path()));
        }
        let begun = Instant::now();
        let result = self.exchange(call).await;
        let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (method, path) = (call.method(), clean(call.path()));
        let status = result.as_ref().ok().map(|answer| answer.status);
        tracing::debug!(target: "trustpath::request", system = "kubernetes", %method, path, status, millis);
        let answer = result.map_err(|error| self.failure(call, &error))?;
        if (200..300).contains(&answer.status) { Ok(answer) } else { Err(answer::refusal(call, &answer)) }
    }

    async fn exchange(&self, call: &Call) -> Result<Answer, NoAnswer> {
        let request = call.request.clone().map(Body::from);
        let response = self.opening.send(request, |request| self.client.send(request)).await?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, LARGEST).collect().await.map_err(NoAnswer::of_body)?.to_bytes().to_vec();
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    }

    /// The error for a request that got no answer.
    fn failure(&self, call: &Call, why: &NoAnswer) -> Error {
        let error = match why {
            NoAnswer::Transport(error) => error,
            NoAnswer::TooLarge => {
                return call
                    .error(Kind::Malformed, "the answer of Kubernetes is larger than any that was asked for")
                    .help("see whether the kubeconfig's server is a Kubernetes API server");
            }
        };
        if let Some(auth) = credentials(error) {
            return call
                .error(Kind::Unauthenticated, open::why(auth))
                .help("run the command under `exec` in the kubeconfig by hand, or log in again");
        }
        let server = self.api_server().url;
        let failed = match tls::classify(error) {
            Transport::Tls(reason) => {
                call.error(Kind::Tls, format!("no TLS connection to Kubernetes at {server}")).help(tls_help(&reason))
            }
            Transport::TlsEnded => call
                .error(Kind::Tls, format!("no TLS connection to Kubernetes at {server}"))
                .help(CLIENT_CERTIFICATE)
                .seen(Seen::Ended),
            Transport::NoConnection => call
                .error(Kind::Unreachable, format!("Kubernetes at {server} cannot be reached"))
                .help("see whether the kubeconfig's context is the right one, and `kubectl version` answers")
                .seen(Seen::NoConnection),
            Transport::Timeout | Transport::Broken => call
                .error(Kind::Unreachable, format!("the connection to Kubernetes at {server} broke"))
                .help("see whether the API server restarted, or a proxy on the way gave up")
                .seen(Seen::Broken),
        };
        match error.source() {
            Some(source) => failed.because(source),
            None => failed.because(error),
        }
    }
}

/// The credentials' own error, wherever it is in the chain.
fn credentials(error: &kube::Error) -> Option<&AuthError> {
    let chain = std::iter::successors(Some(error as &(dyn StdError + 'static)), |&error| error.source());
    chain.into_iter().find_map(|error| error.downcast_ref())
}

fn tls_help(reason: &rustls::Error) -> &'static str {
    use rustls::{CertificateError as Bad, Error as Tls};
    match reason {
        Tls::InvalidCertificate(Bad::UnknownIssuer | Bad::BadSignature) => {
            "the kubeconfig's certificate-authority is not the one that signed the API server's certificate"
        }
        Tls::InvalidCertificate(Bad::NotValidForName | Bad::NotValidForNameContext { .. }) => {
            "set the kubeconfig's server, or tls-server-name, to a name that the API server's certificate is made for"
        }
        Tls::InvalidCertificate(Bad::Expired | Bad::ExpiredContext { .. }) => "renew the API server's certificate",
        Tls::InvalidMessage(_) => "what answers speaks no TLS: see the kubeconfig's server",
        Tls::AlertReceived(_) => CLIENT_CERTIFICATE,
        _ => "see whether the kubeconfig's certificate-authority signed the API server's certificate",
    }
}

/// `299 - "text"`: what is between the quotes.
fn warning(header: &str) -> String {
    let inside = header.split_once('"').and_then(|(_, rest)| rest.rsplit_once('"')).map(|(text, _)| text);
    clean(&inside.unwrap_or(header).replace("\\\"", "\""))
}
