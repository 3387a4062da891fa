//! A bare TLS handshake: is the server at an address one that these authorities vouch for? No credentials are sent.

use std::{io, sync::Arc, time::Duration};

use rustls::{
    ClientConfig,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;
use url::Url;

use crate::{
    text::clean,
    trust::{self, Trusted},
};

/// What came of a handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handshake {
    /// The server has a certificate that the authorities vouch for.
    Trusted,
    /// The server answered, and its certificate is not trusted, for this reason.
    Untrusted(String),
    /// No TLS server could be reached from here, for this reason.
    Unreached(String),
}

/// Shakes hands with the server of an `https` URL, trusting exactly these authorities (PEM).
///
/// It connects directly, through no proxy, and gives up after `limit` for each of connecting and shaking hands.
pub async fn handshake(url: &str, authorities_pem: &str, limit: Duration) -> Handshake {
    match shake(url, authorities_pem, limit).await {
        Ok(()) => Handshake::Trusted,
        Err(error) => judge(&error),
    }
}

async fn shake(url: &str, authorities: &str, limit: Duration) -> io::Result<()> {
    let url = Url::parse(url).map_err(io::Error::other)?;
    let port = url.port_or_known_default().ok_or_else(|| io::Error::other("the URL names no port"))?;
    let host = url.host_str().ok_or_else(|| io::Error::other("the URL names no host"))?.trim_matches(['[', ']']);
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let tls = TlsConnector::from(Arc::new(trusting(authorities)?));
    let tcp = within(limit, TcpStream::connect((host, port))).await?;
    within(limit, tls.connect(name, tcp)).await.map(drop)
}

async fn within<T>(limit: Duration, done: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(limit, done).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

fn trusting(authorities: &str) -> io::Result<ClientConfig> {
    let roots: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(authorities.as_bytes()).collect();
    let builder = trust::client(&Trusted::Roots(&roots.map_err(io::Error::other)?)).map_err(io::Error::other)?;
    Ok(builder.with_no_client_auth())
}

/// Only a certificate that was seen and not trusted speaks against the authorities.
fn judge(error: &io::Error) -> Handshake {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match tls {
        Some(rustls::Error::InvalidCertificate(_)) => Handshake::Untrusted(clean(&error.to_string())),
        _ => Handshake::Unreached(clean(&error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    use rustls::{ServerConfig, ServerConnection, crypto::ring::default_provider, pki_types::PrivateKeyDer};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    struct Authority {
        pem: String,
        issuer: Issuer<'static, KeyPair>,
    }

    fn authority() -> Authority {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Authority { pem, issuer: Issuer::new(params, key) }
    }

    /// Shakes hands with one client, and returns the port at which it waits for it.
    fn server(authority: &Authority, name: &str) -> u16 {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        let certificate = params.signed_by(&key, &authority.issuer).expect("a certificate");
        let private = PrivateKeyDer::try_from(key.serialize_der()).expect("a private key");
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .expect("a server");
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        std::thread::spawn(move || {
            let (mut tcp, _) = listener.accept().expect("a client");
            let mut tls = ServerConnection::new(Arc::new(config)).expect("a connection");
            while tls.is_handshaking() && tls.complete_io(&mut tcp).is_ok() {}
        });
        port
    }

    #[tokio::test]
    async fn a_server_of_the_authority_is_trusted() {
        let authority = authority();
        let port = server(&authority, "127.0.0.1");
        let came = handshake(&format!("https://127.0.0.1:{port}"), &authority.pem, LIMIT).await;
        assert_eq!(came, Handshake::Trusted);
    }

    #[tokio::test]
    async fn another_authority_or_another_name_is_not() {
        let mine = authority();
        let port = server(&authority(), "127.0.0.1");
        let came = handshake(&format!("https://127.0.0.1:{port}"), &mine.pem, LIMIT).await;
        assert!(matches!(came, Handshake::Untrusted(_)), "{came:?}");
        let port = server(&mine, "other.example");
        let came = handshake(&format!("https://127.0.0.1:{port}"), &mine.pem, LIMIT).await;
        assert!(matches!(came, Handshake::Untrusted(_)), "{came:?}");
    }

    #[tokio::test]
    async fn who_is_not_there_says_nothing_about_the_authority() {
        let free = TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("an address").port();
        let came = handshake(&format!("https://127.0.0.1:{free}"), &authority().pem, LIMIT).await;
        assert!(matches!(came, Handshake::Unreached(_)), "{came:?}");
    }
}
