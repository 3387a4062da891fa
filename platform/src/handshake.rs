//! A bare TLS handshake: is the server at an address one that these authorities vouch for? No credentials are sent.

use std::{
    io,
    net::{TcpStream, ToSocketAddrs as _},
    sync::Arc,
    time::Duration,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use url::{Host, Url};

use crate::text::clean;

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
/// It connects directly, through no proxy, and gives up after `limit` for each of connecting, reading and writing.
pub async fn handshake(url: &str, authorities_pem: &str, limit: Duration) -> Handshake {
    let (url, authorities) = (url.to_owned(), authorities_pem.to_owned());
    let shaking = tokio::task::spawn_blocking(move || shake(&url, &authorities, limit));
    match shaking.await {
        Ok(Ok(())) => Handshake::Trusted,
        Ok(Err(error)) => judge(&error),
        Err(_) => Handshake::Unreached("the handshake could not be carried out".to_owned()),
    }
}

fn shake(url: &str, authorities: &str, limit: Duration) -> io::Result<()> {
    let url = Url::parse(url).map_err(io::Error::other)?;
    let port = url.port_or_known_default().ok_or_else(|| io::Error::other("the URL names no port"))?;
    let (name, host) = match url.host() {
        Some(Host::Domain(name)) => (ServerName::try_from(name.to_owned()).map_err(io::Error::other)?, name.to_owned()),
        Some(Host::Ipv4(address)) => (ServerName::from(std::net::IpAddr::V4(address)), address.to_string()),
        Some(Host::Ipv6(address)) => (ServerName::from(std::net::IpAddr::V6(address)), address.to_string()),
        None => return Err(io::Error::other("the URL names no host")),
    };
    let config = Arc::new(trusting(authorities)?);
    let mut tcp = connect(&host, port, limit)?;
    let mut tls = ClientConnection::new(config, name).map_err(io::Error::other)?;
    while tls.is_handshaking() {
        tls.complete_io(&mut tcp)?;
    }
    Ok(())
}

fn trusting(authorities: &str) -> io::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authorities.as_bytes()) {
        roots.add(certificate.map_err(io::Error::other)?).map_err(io::Error::other)?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().map_err(io::Error::other)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn connect(host: &str, port: u16, limit: Duration) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, limit) {
            Ok(tcp) => {
                tcp.set_read_timeout(Some(limit))?;
                tcp.set_write_timeout(Some(limit))?;
                return Ok(tcp);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
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
    use rustls::{ServerConfig, ServerConnection, pki_types::PrivateKeyDer};

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
