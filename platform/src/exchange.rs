//! One exchange with a server: its answer, or what it means that there is none. What is found out is the same for both
//! systems; where to look for the cause is each one's own.

use std::{error::Error as StdError, io};

use http::{HeaderMap, Method, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::{
    error::{Error, ErrorKind, System},
    seen::Attempt,
    text::clean,
    tls::{self, Transport},
    trust,
};

/// More than any answer that this program asks for; a server that sends more is not believed.
const LARGEST: usize = 32 << 20;

/// A request, as far as messages name it.
pub(crate) trait Named {
    fn name(&self) -> (System, Method, &str);
}

/// An HTTP answer.
pub(crate) struct HttpAnswer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Why there is no answer.
pub(crate) enum NoAnswer {
    Transport(Box<dyn StdError + Send + Sync>),
    TooLarge,
}

impl HttpAnswer {
    /// All of a response, unless there is no end to it.
    pub(crate) async fn receive<B>(response: Response<B>) -> Result<Self, NoAnswer>
    where
        B: BodyExt<Error: Into<Box<dyn StdError + Send + Sync>>>,
    {
        let (head, body) = response.into_parts();
        let body =
            Limited::new(body, LARGEST).collect().await.map_err(|error| match error.is::<LengthLimitError>() {
                true => NoAnswer::TooLarge,
                false => NoAnswer::Transport(io::Error::other(error).into()),
            })?;
        Ok(Self { status: head.status.as_u16(), headers: head.headers, body: body.to_bytes().to_vec() })
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON. The parser's words say where in the answer, and never quote a secret longer than a token of JSON: they
    /// are left out.
    pub(crate) fn parse<T: DeserializeOwned>(&self, call: &impl Named) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let (system, method, path) = call.name();
            let place = format!("line {}, column {}", error.line(), error.column());
            let message = format!("the answer is none that {system} gives: unexpected data at {place}");
            let help = system.either(
                "see whether VAULT_ADDR is the address of a Vault or OpenBao, and not of something before it",
                "see whether the kubeconfig's server is a Kubernetes API server, and not something before it",
            );
            Error::new(system, ErrorKind::Malformed, message).during(&method, path).answered(self.status, []).help(help)
        })
    }
}

impl NoAnswer {
    /// The error for a request to this server.
    pub(crate) fn error(&self, call: &impl Named, server: &str) -> Error {
        let (system, method, path) = call.name();
        match self {
            Self::Transport(error) => unreachable(system, &**error, server),
            Self::TooLarge => Error::new(
                system,
                ErrorKind::Malformed,
                system.either(
                    "Vault's answer is larger than any that was asked for",
                    "the answer of Kubernetes is larger than any that was asked for",
                ),
            )
            .help(system.either(
                "see whether VAULT_ADDR is the address of a Vault",
                "see whether the kubeconfig's server is a Kubernetes API server",
            )),
        }
        .during(&method, path)
    }
}

fn unreachable(system: System, error: &(dyn StdError + 'static), server: &str) -> Error {
    let no_tls = || Error::new(system, ErrorKind::Tls, format!("no TLS connection to {system} at {server}"));
    let none = |message| Error::new(system, ErrorKind::Unreachable, message);
    let failed = match tls::classify(error) {
        Transport::Tls(reason) => no_tls().help(tls_help(system, &reason)),
        Transport::TlsEnded => no_tls().help(client_certificate(system)).seen(Attempt::Ended),
        Transport::NoConnection => none(format!("{system} at {server} cannot be reached"))
            .help(system.either(
                "see whether VAULT_ADDR is right, Vault runs, and nothing on the way stops the connection",
                "see whether the kubeconfig's context is the right one, and `kubectl version` answers",
            ))
            .seen(Attempt::NoConnection),
        Transport::Timeout | Transport::Broken => none(format!("the connection to {system} at {server} broke"))
            .help(system.either(
                "see whether Vault restarted, or a proxy on the way gave up",
                "see whether the API server restarted, or a proxy on the way gave up",
            ))
            .seen(Attempt::Broken),
    };
    failed.because(tls::inner(error).unwrap_or(error))
}

fn tls_help(system: System, reason: &rustls::Error) -> &'static str {
    use rustls::{AlertDescription as Alert, CertificateError as Bad, Error as Tls, PeerIncompatible};
    match reason {
        Tls::InvalidCertificate(Bad::UnknownIssuer) => system.either(
            "set VAULT_CACERT to the file with the certificate of the authority that signed Vault's",
            "the kubeconfig's certificate-authority is not the one that signed the API server's certificate",
        ),
        Tls::InvalidCertificate(Bad::BadSignature) => system.either(
            "set VAULT_CACERT to the authority that signed Vault's certificate; RSA keys below 2048 bits cannot be used here",
            "the kubeconfig's certificate-authority did not sign the API server's certificate, or an RSA key has less than 2048 \
             bits, which cannot be used here",
        ),
        Tls::InvalidCertificate(Bad::NotValidForNameContext { presented, .. }) if presented.is_empty() => {
            "the certificate has no subjectAltName: a name in its CN alone counts for nothing, here as in Go; issue it anew"
        }
        Tls::InvalidCertificate(Bad::NotValidForName | Bad::NotValidForNameContext { .. }) => system.either(
            "set VAULT_ADDR, or VAULT_TLS_SERVER_NAME, to a name that Vault's certificate is made for",
            "set the kubeconfig's server, or tls-server-name, to a name that the API server's certificate is made for",
        ),
        Tls::InvalidCertificate(Bad::Expired | Bad::ExpiredContext { .. }) => {
            system.either("renew Vault's certificate", "renew the API server's certificate")
        }
        Tls::InvalidCertificate(Bad::NotValidYet | Bad::NotValidYetContext { .. }) => {
            "the certificate is for later: see whether the clocks of this machine and of the server are right"
        }
        Tls::InvalidCertificate(Bad::UnsupportedSignatureAlgorithmContext { .. }) => {
            "a certificate is signed with an algorithm that is not verified here, such as SHA-1 or P-521: issue it anew"
        }
        Tls::InvalidCertificate(Bad::InvalidPurpose | Bad::InvalidPurposeContext { .. }) => {
            "the certificate is not for servers: issue it anew with the extended key usage `serverAuth`"
        }
        Tls::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon | PeerIncompatible::NoKxGroupsInCommon)
        | Tls::AlertReceived(Alert::HandshakeFailure | Alert::InsufficientSecurity) => {
            "the server has no cipher in common with this program, which takes those with forward secrecy (ECDHE) alone; or it \
             wants a client certificate"
        }
        Tls::PeerIncompatible(_) | Tls::AlertReceived(Alert::ProtocolVersion) => {
            "the server speaks no TLS 1.2 or 1.3, and older versions cannot be used here: see its `tls_min_version`"
        }
        Tls::InvalidMessage(_) => system.either(
            "what answers speaks no TLS: should VAULT_ADDR begin with http:// ?",
            "what answers speaks no TLS: see the kubeconfig's server",
        ),
        Tls::AlertReceived(_) => client_certificate(system),
        other => of_webpki(other).unwrap_or(system.either(
            "see whether VAULT_CACERT is the authority that signed Vault's certificate",
            "see whether the kubeconfig's certificate-authority signed the API server's certificate",
        )),
    }
}

/// What Go takes and is not taken here.
fn of_webpki(reason: &rustls::Error) -> Option<&'static str> {
    match trust::webpki_error(reason)? {
        webpki::Error::CaUsedAsEndEntity => Some(
            "the server shows the certificate of an authority (CA:TRUE), which is taken only where it is itself the \
             configured authority, byte for byte: configure that one, or issue a certificate for the server",
        ),
        webpki::Error::UnsupportedCertVersion => Some(
            "the certificate is of X.509 version 1, which cannot be used here: issue it anew with a subjectAltName",
        ),
        _ => None,
    }
}

fn client_certificate(system: System) -> &'static str {
    system.either(
        "Vault may ask for a client certificate: VAULT_CLIENT_CERT and VAULT_CLIENT_KEY",
        "the API server may not take the kubeconfig's client certificate: is it expired?",
    )
}

/// Waits for what comes of a request, and traces it without headers and bodies.
pub(crate) async fn traced(
    call: &impl Named,
    answer: impl Future<Output = Result<HttpAnswer, NoAnswer>>,
) -> Result<HttpAnswer, NoAnswer> {
    let begun = Instant::now();
    let answer = answer.await;
    let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (system, method, path) = call.name();
    let status = answer.as_ref().ok().map(|answer| answer.status);
    tracing::debug!(target: "trustpath::request", system = system.key(), %method, path = clean(path), status, millis);
    answer
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use rustls::{
        AlertDescription as Alert, CertificateError as Bad, Error as Tls, OtherError, PeerIncompatible as Other,
        pki_types::ServerName,
    };

    use super::*;

    fn nameless() -> Bad {
        let expected = ServerName::try_from("vault.test").expect("a name");
        Bad::NotValidForNameContext { expected, presented: Vec::new() }
    }

    fn sha_1() -> Bad {
        Bad::UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id: Vec::new(),
            supported_algorithms: Vec::new(),
        }
    }

    fn odd(error: webpki::Error) -> Bad {
        Bad::Other(OtherError(std::sync::Arc::new(error)))
    }

    /// Each names what cannot be done here, and none is taken for another authority.
    #[rstest]
    #[case(Tls::PeerIncompatible(Other::ServerDoesNotSupportTls12Or13), "no TLS 1.2 or 1.3")]
    #[case(Tls::AlertReceived(Alert::ProtocolVersion), "no TLS 1.2 or 1.3")]
    #[case(Tls::AlertReceived(Alert::HandshakeFailure), "ECDHE")]
    #[case(Tls::AlertReceived(Alert::CertificateRequired), "client certificate")]
    #[case(Tls::InvalidCertificate(nameless()), "subjectAltName")]
    #[case(Tls::InvalidCertificate(sha_1()), "SHA-1")]
    #[case(Tls::InvalidCertificate(Bad::BadSignature), "2048")]
    #[case(Tls::InvalidCertificate(Bad::NotValidYet), "clocks")]
    #[case(Tls::InvalidCertificate(Bad::InvalidPurpose), "serverAuth")]
    #[case(Tls::InvalidCertificate(odd(webpki::Error::UnsupportedCertVersion)), "version 1")]
    #[case(Tls::InvalidCertificate(odd(webpki::Error::CaUsedAsEndEntity)), "byte for byte")]
    fn what_tls_cannot_do_is_named(#[case] reason: Tls, #[case] expected: &str) {
        for system in [System::Vault, System::Kubernetes] {
            assert!(tls_help(system, &reason).contains(expected), "{}", tls_help(system, &reason));
        }
    }
}
