//! The HTTP side: sending, receiving, and what a failure on the way means.

use http::HeaderMap;
use url::Url;

use super::{answer::Answer, request::Call};
use crate::{
    error::{Error, Kind},
    retry::Seen,
    tls::{self, Transport},
};

/// More than any answer that this program asks for; a server that sends more is not believed.
const LARGEST: usize = 32 << 20;

const CLIENT_CERTIFICATE: &str = "Vault may ask for a client certificate: VAULT_CLIENT_CERT and VAULT_CLIENT_KEY";

/// Why there is no answer.
pub(super) enum NoAnswer {
    Transport(reqwest::Error),
    TooLarge,
}

pub(super) async fn send(client: &reqwest::Client, request: http::Request<Vec<u8>>) -> Result<Answer, NoAnswer> {
    let request = reqwest::Request::try_from(request).map_err(NoAnswer::Transport)?;
    let mut response = client.execute(request).await.map_err(NoAnswer::Transport)?;
    let status = response.status().as_u16();
    let headers: HeaderMap = std::mem::take(response.headers_mut());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(NoAnswer::Transport)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(NoAnswer::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, headers, body })
}

/// The error for a request that got no answer.
pub(super) fn failure(call: &Call, why: &NoAnswer, base: &str) -> Error {
    let error = match why {
        NoAnswer::TooLarge => {
            return call
                .error(Kind::Malformed, "Vault's answer is larger than any that was asked for")
                .help("see whether VAULT_ADDR is the address of a Vault");
        }
        NoAnswer::Transport(error) => error,
    };
    let server = origin(base);
    let failed = match tls::classify(error) {
        Transport::Tls(reason) => {
            call.error(Kind::Tls, format!("no TLS connection to Vault at {server}")).help(tls_help(&reason))
        }
        Transport::TlsEnded => call
            .error(Kind::Tls, format!("no TLS connection to Vault at {server}"))
            .help(CLIENT_CERTIFICATE)
            .seen(Seen::Ended),
        Transport::NoConnection => call
            .error(Kind::Unreachable, format!("Vault at {server} cannot be reached"))
            .help("see whether VAULT_ADDR is right, Vault runs, and nothing on the way stops the connection")
            .seen(Seen::NoConnection),
        Transport::Timeout | Transport::Broken => call
            .error(Kind::Unreachable, format!("the connection to Vault at {server} broke"))
            .help("see whether Vault restarted, or a proxy on the way gave up")
            .seen(Seen::Broken),
    };
    match std::error::Error::source(error) {
        Some(source) => failed.because(source),
        None => failed,
    }
}

fn tls_help(reason: &rustls::Error) -> &'static str {
    use rustls::{CertificateError as Bad, Error as Tls};
    match reason {
        Tls::InvalidCertificate(Bad::UnknownIssuer | Bad::BadSignature) => {
            "set VAULT_CACERT to the file with the certificate of the authority that signed Vault's"
        }
        Tls::InvalidCertificate(Bad::NotValidForName | Bad::NotValidForNameContext { .. }) => {
            "set VAULT_ADDR, or VAULT_TLS_SERVER_NAME, to a name that Vault's certificate is made for"
        }
        Tls::InvalidCertificate(Bad::Expired | Bad::ExpiredContext { .. }) => "renew Vault's certificate",
        Tls::InvalidMessage(_) => "what answers speaks no TLS: should VAULT_ADDR begin with http:// ?",
        Tls::AlertReceived(_) => CLIENT_CERTIFICATE,
        _ => "see whether VAULT_CACERT is the authority that signed Vault's certificate",
    }
}

/// Scheme, host and port of an address; what a message may show of it.
pub(super) fn origin(address: &str) -> String {
    Url::parse(address).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}
