//! TLS: who is believed, and what a wrong certificate is called.

use std::{net::SocketAddr, path::PathBuf};

use axum::{Json, Router, routing::get};
use axum_server::{Handle, tls_rustls::RustlsConfig};
use futures::future::join_all;
use k8s_openapi::api::core::v1::Namespace;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{RootCertStore, ServerConfig, pki_types::PrivateKeyDer, server::WebPkiClientVerifier};
use secrecy::SecretString;
use serde_json::{Value, json};
use trustpath_core::Class;
use trustpath_platform::{Connections, Vault, VaultSettings, kubernetes::Address};

use crate::support::{TOKEN, environment, healthy, kubeconfig, open_cluster, parts, quick};

/// A server whose certificate is for `vault.test` and 127.0.0.1, and the files of two authorities: its own and another.
struct Server {
    handle: Handle<SocketAddr>,
    url: String,
    folder: tempfile::TempDir,
}

impl Server {
    async fn start() -> Self {
        Self::serving(false, false).await
    }

    /// With `mutual`, no one gets in without a certificate of the server's own authority; one that is `alone` shows a
    /// certificate that it signed itself, as an authority.
    async fn serving(mutual: bool, alone: bool) -> Self {
        trustpath_platform::install_crypto_provider();
        let folder = tempfile::tempdir().unwrap();
        let (ours, others) = (authority(), authority());
        std::fs::write(folder.path().join("ca.pem"), ours.pem()).unwrap();
        std::fs::write(folder.path().join("other.pem"), others.pem()).unwrap();
        let key = KeyPair::generate().unwrap();
        let names = ["vault.test".to_owned(), "127.0.0.1".to_owned()];
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &ours).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(ours.der().clone()).unwrap();
        let clients = WebPkiClientVerifier::builder(roots.into()).build().unwrap();
        let builder = ServerConfig::builder();
        let builder = if mutual { builder.with_client_cert_verifier(clients) } else { builder.with_no_client_auth() };
        let itself = itself(&key);
        std::fs::write(folder.path().join("itself.pem"), itself.pem()).unwrap();
        let own_key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let shown = if alone { itself } else { certificate };
        let mut tls = builder.with_single_cert(vec![shown.der().clone()], own_key).unwrap();
        tls.alpn_protocols = [b"h2".to_vec(), b"http/1.1".to_vec()].into();
        let tls = RustlsConfig::from_config(tls.into());
        let client = KeyPair::generate().unwrap();
        let admitted = CertificateParams::new(["client".to_owned()]).unwrap().signed_by(&client, &ours).unwrap();
        std::fs::write(folder.path().join("client.crt"), admitted.pem()).unwrap();
        std::fs::write(folder.path().join("client.key"), client.serialize_pem()).unwrap();
        let handle = Handle::new();
        let system = json!({ "metadata": { "name": "kube-system", "uid": "u" } });
        let app = Router::new()
            .route("/v1/sys/health", get(|| async { Json(healthy()) }))
            .route("/api/v1/namespaces/kube-system", get(|| async { Json(system) }));
        let serving = axum_server::bind_rustls(SocketAddr::from(([127, 0, 0, 1], 0)), tls).handle(handle.clone());
        tokio::spawn(serving.serve(app.into_make_service()));
        let url = format!("https://{}", handle.listening().await.unwrap());
        Self { handle, url, folder }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn vault(&self, more: &[(&str, &str)]) -> Result<Vault, trustpath_core::Failure> {
        let variables = [[("VAULT_ADDR", self.url.as_str()), ("VAULT_TOKEN", TOKEN)].as_slice(), more].concat();
        let mut settings = VaultSettings::from(&environment(&variables), &Connections::default())?;
        settings.limits = quick();
        Vault::open(settings).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

fn itself(key: &KeyPair) -> rcgen::Certificate {
    let mut params = CertificateParams::new(["vault.test".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.self_signed(key).unwrap()
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

#[tokio::test]
async fn vault_is_believed_by_its_authority_alone() {
    let server = Server::start().await;
    let (ca, other) = (server.file("ca.pem"), server.file("other.pem"));
    let (ca, other) = (ca.to_str().unwrap(), other.to_str().unwrap());
    server.vault(&[("VAULT_CACERT", ca)]).await.unwrap();
    server.vault(&[("VAULT_SKIP_VERIFY", "true")]).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(ca, folder.path().join("one.pem")).unwrap();
    std::fs::copy(other, folder.path().join("two.pem")).unwrap();
    server.vault(&[("VAULT_CAPATH", folder.path().to_str().unwrap())]).await.unwrap();
    let (class, code, _, help) = parts(server.vault(&[("VAULT_CACERT", other)]).await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Unreachable, "trustpath::vault::tls"));
    assert!(help.contains("VAULT_CACERT"), "{help}");
}

#[tokio::test]
async fn the_name_that_is_checked_can_be_another_than_the_one_that_is_reached() {
    let server = Server::start().await;
    let ca = server.file("ca.pem");
    let ca = ("VAULT_CACERT", ca.to_str().unwrap());
    server.vault(&[ca, ("VAULT_TLS_SERVER_NAME", "vault.test")]).await.unwrap();
    let (class, code, _, help) = parts(server.vault(&[ca, ("VAULT_TLS_SERVER_NAME", "wrong.test")]).await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Unreachable, "trustpath::vault::tls"));
    assert!(help.contains("VAULT_TLS_SERVER_NAME"), "{help}");
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_vault_wants_one() {
    let server = Server::serving(true, false).await;
    let (ca, certificate, key) = (server.file("ca.pem"), server.file("client.crt"), server.file("client.key"));
    let ca = ("VAULT_CACERT", ca.to_str().unwrap());
    let pair = [("VAULT_CLIENT_CERT", certificate.to_str().unwrap()), ("VAULT_CLIENT_KEY", key.to_str().unwrap())];
    server.vault(&[ca, pair[0], pair[1]]).await.unwrap();
    let (class, code, _, help) = parts(server.vault(&[ca]).await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Unreachable, "trustpath::vault::tls"));
    assert!(help.contains("VAULT_CLIENT_CERT"), "{help}");
}

#[tokio::test]
async fn a_server_without_tls_is_said_to_be_one() {
    let server = wiremock::MockServer::start().await;
    let address = server.uri().replace("http://", "https://");
    let own = Server::start().await;
    let ca = own.file("ca.pem");
    let variables = [("VAULT_ADDR", address.as_str()), ("VAULT_TOKEN", TOKEN), ("VAULT_CACERT", ca.to_str().unwrap())];
    let mut settings = VaultSettings::from(&environment(&variables), &Connections::default()).unwrap();
    settings.limits = quick();
    let (_, code, _, help) = parts(Vault::open(settings).await.unwrap_err());
    assert_eq!(code, "trustpath::vault::tls");
    assert!(help.contains("http://"), "{help}");
}

#[tokio::test]
async fn files_that_hold_something_else_are_named() {
    let server = Server::start().await;
    let garbage = server.file("garbage.pem");
    std::fs::write(&garbage, "not a certificate").unwrap();
    let garbage = garbage.to_str().unwrap();
    let (class, code, message, _) = parts(server.vault(&[("VAULT_CACERT", garbage)]).await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Config, "trustpath::vault::ca"));
    assert!(message.contains("garbage.pem"), "{message}");
    let pair = [("VAULT_CLIENT_CERT", garbage), ("VAULT_CLIENT_KEY", garbage)];
    let (_, code, ..) = parts(server.vault(&pair).await.unwrap_err());
    assert_eq!(code, "trustpath::vault::client_certificate");
    let (_, code, ..) = parts(server.vault(&[("VAULT_CACERT", "/nowhere.pem")]).await.unwrap_err());
    assert_eq!(code, "trustpath::vault::file");
}

#[tokio::test]
async fn the_api_server_is_believed_by_the_kubeconfigs_authority_alone() {
    let server = Server::start().await;
    let at = Address::cluster::<Namespace>("kube-system");
    let open = |name: &str| kubeconfig(&server.url, Some(&server.file(name)));
    let good = open_cluster(&open("ca.pem"), &Connections::default()).await.unwrap();
    good.get::<Namespace>(&at).await.unwrap().unwrap();
    let known = good.api_server();
    assert_eq!(known.url, server.url);
    let pem = |text: &str| text.split_whitespace().collect::<String>();
    let file = std::fs::read_to_string(server.file("ca.pem")).unwrap();
    assert_eq!(pem(&known.ca_pem.unwrap()), pem(&file));

    let bad = open_cluster(&open("other.pem"), &Connections::default()).await.unwrap();
    let (class, code, _, help) = parts(bad.get::<Namespace>(&at).await.unwrap_err());
    assert_eq!((class, code.as_str()), (Class::Unreachable, "trustpath::kubernetes::tls"));
    assert!(help.contains("certificate-authority"), "{help}");
}

/// The usual home setup: `openssl req -x509`, and the same file on both sides.
#[tokio::test]
async fn a_server_that_is_its_own_authority_is_believed_by_itself_alone() {
    let server = Server::serving(false, true).await;
    let (own, other) = (server.file("itself.pem"), server.file("other.pem"));
    server.vault(&[("VAULT_CACERT", own.to_str().unwrap())]).await.unwrap();
    server.vault(&[("VAULT_CACERT", other.to_str().unwrap())]).await.map(drop).unwrap_err();
    let at = Address::cluster::<Namespace>("kube-system");
    let mut config = kubeconfig(&server.url, Some(&own));
    let cluster = open_cluster(&config, &Connections::default()).await.unwrap();
    cluster.get::<Namespace>(&at).await.unwrap().unwrap();
    config["clusters"][0]["cluster"]["tls-server-name"] = json!("other.test");
    let cluster = open_cluster(&config, &Connections::default()).await.unwrap();
    let (_, code, _, help) = parts(cluster.get::<Namespace>(&at).await.unwrap_err());
    assert!(code == "trustpath::kubernetes::tls" && help.contains("tls-server-name"), "{help}");
    let cluster = open_cluster(&kubeconfig(&server.url, Some(&other)), &Connections::default()).await.unwrap();
    let (_, code, _, help) = parts(cluster.get::<Namespace>(&at).await.unwrap_err());
    assert!(code == "trustpath::kubernetes::tls" && help.contains("byte for byte"), "{help}");
}

/// Requests that are sent together, the very first ones too, share one connection.
#[tokio::test]
async fn a_server_that_speaks_http_2_gets_one_connection() {
    let server = Server::start().await;
    let ca = server.file("ca.pem");
    let vault = server.vault(&[("VAULT_CACERT", ca.to_str().unwrap())]).await.unwrap();
    let read = join_all((0..8).map(|_| vault.read::<Value>("nothing/here"))).await;
    assert!(read.into_iter().all(|found| found.unwrap().is_none()));
    assert_eq!(server.handle.connection_count(), 1, "to Vault");
    drop(vault);
    let cluster = open_cluster(&kubeconfig(&server.url, Some(&ca)), &Connections::default()).await.unwrap();
    let at = Address::cluster::<Namespace>("kube-system");
    let before = server.handle.connection_count();
    let read = join_all((0..8).map(|_| cluster.get::<Namespace>(&at))).await;
    assert!(read.into_iter().all(|found| found.unwrap().is_some()));
    let other = cluster.with_token(SecretString::from(TOKEN)).await.unwrap();
    other.get::<Namespace>(&at).await.unwrap().unwrap();
    assert!(server.handle.connection_count() <= before + 1, "to Kubernetes: {}", server.handle.connection_count());
}

/// A connection that shows a client certificate would speak for its owner, whatever token is sent over it.
#[tokio::test]
async fn a_token_does_not_share_the_connection_of_a_client_certificate() {
    let server = Server::serving(true, false).await;
    let mut kubeconfig = kubeconfig(&server.url, Some(&server.file("ca.pem")));
    let (certificate, key) = (server.file("client.crt"), server.file("client.key"));
    kubeconfig["users"][0]["user"] = json!({ "client-certificate": certificate, "client-key": key });
    let cluster = open_cluster(&kubeconfig, &Connections::default()).await.unwrap();
    let at = Address::cluster::<Namespace>("kube-system");
    cluster.get::<Namespace>(&at).await.unwrap().unwrap();
    let other = cluster.with_token(SecretString::from(TOKEN)).await.unwrap();
    let (_, code, ..) = parts(other.get::<Namespace>(&at).await.unwrap_err());
    assert_eq!(code, "trustpath::kubernetes::tls", "the server asks for a certificate, and got one");
}
