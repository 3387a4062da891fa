//! Opening the connection: files, TLS, and the one request that shows which Vault it is.

use std::{io, net::SocketAddr, path::Path, sync::Arc};

use http::HeaderMap;
use reqwest::{
    Proxy,
    dns::{Addrs, Name, Resolve, Resolving},
};
use rustls::{
    ClientConfig, ConfigBuilder,
    client::WantsClientCert,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use secrecy::{ExposeSecret as _, SecretString};
use trustpath_core::{Class, Problem, Result};
use url::Url;
use vaultrs::{
    api::EndpointMiddleware,
    client::{VaultClient, VaultClientSettings},
};

use super::{
    Vault, VaultSession, VaultSettings, answer, backend::session::is_answer, call::VaultCall, headers, health::Health,
    setting_problem::unreadable, settings::Pem, token_source::token,
};
use crate::{
    Connections, Environment,
    error::Error,
    hide::Secrets,
    install_crypto_provider,
    opening::KEEP_ALIVE,
    retry::Repeat,
    text::clean,
    trust::{self, Trusted},
};

impl Vault {
    /// Opens a connection to where environment and graph file say.
    pub async fn connect(environment: &Environment, connections: &Connections) -> Result<Self> {
        Self::open(VaultSettings::from(environment, connections)?).await
    }

    /// Opens a connection: reads the files that the settings name, and asks `sys/health` once.
    ///
    /// # Errors
    /// When a file cannot be used, there is no token, Vault cannot be reached, is sealed or not initialized, or is
    /// another than the graph file pins.
    pub async fn open(settings: VaultSettings) -> Result<Self> {
        install_crypto_provider();
        let token = token(&settings).await?;
        let (base, host) = target(&settings);
        let (headers, values) = headers::read(&settings.headers)?;
        let client = client(&settings, &base, &token.clone().unwrap_or_default(), headers)?;
        let (limits, fence) = (settings.limits.clone(), settings.fence.clone());
        let held = settings.proxy.iter().fold(Secrets::default(), |held, proxy| held.and_of_url(proxy.expose_secret()));
        let held = values.iter().fold(held, |held, value| held.and(value.expose_secret()));
        let (states, seen_mounts, asked, own_token) = Default::default();
        let heard = settings.heard;
        let server = VaultSession { limits, fence, host, states, seen_mounts, asked, own_token, heard, held };
        let blind = Self { client: Arc::new(client), server: Arc::new(server), health: Arc::default() };
        let health = blind.patient_health().await?;
        if let Some(trouble) = health.trouble(settings.namespace.as_deref()) {
            return Err(trouble.into());
        }
        pinned(settings.cluster_id.as_deref(), health.cluster_id.as_deref())?;
        let open = Self { health: Arc::new(health), ..blind };
        match token {
            None => open.agent_adds_a_token().await,
            Some(_) => Ok(open),
        }
    }

    /// An agent or proxy of Vault's adds a token to requests that have none; then it can look itself up.
    async fn agent_adds_a_token(self) -> Result<Self> {
        match self.call(&VaultCall::read("auth/token/lookup-self")).await {
            Ok(_) => Ok(self),
            Err(error) if is_answer(&error) => Err(no_token().into()),
            Err(error) => Err(error.into()),
        }
    }

    /// `sys/health` with retries; whatever the state, the server describes itself.
    async fn patient_health(&self) -> Result<Health, Error> {
        let limits = &self.server.limits;
        let call = health_call();
        let late = || super::request::late(&call, limits.total);
        let health = limits.retry((Repeat::Harmless, false), || self.health(), late).await;
        health.map_err(|error| error.without(&self.credentials()))
    }

    /// One attempt at `sys/health`. It answers in the root namespace alone, and needs no token.
    pub(super) async fn health(&self) -> Result<Health, Error> {
        let call = health_call();
        let answer = self.within(None).with_token(&SecretString::default()).exchange(&call).await?;
        match serde_json::from_slice(&answer.body) {
            Ok(health) => Ok(health),
            Err(_) if answer.status != 200 => Err(answer::refusal(&call, &answer)),
            Err(_) => answer::foreign(&call, &answer).map_or_else(|| answer.parse(&call), Err),
        }
    }
}

/// With these codes no proxy on the way takes a standby or a sealed server for a failure.
fn health_call() -> VaultCall {
    const ALL_WELL: &str = "standbyok=true&perfstandbyok=true&sealedcode=200&uninitcode=200&drsecondarycode=200&performancestandbycode=200";
    VaultCall { query: Some(ALL_WELL), ..VaultCall::read("sys/health") }
}

fn pinned(pin: Option<&str>, found: Option<&str>) -> Result<(), Problem> {
    match (pin, found) {
        (Some(pin), found) if found != Some(pin) => {
            let found = clean(found.unwrap_or("unknown"));
            let message = format!("the graph file pins the Vault with cluster id `{pin}`, and this one's is `{found}`");
            Err(Problem::new(Class::Refused, "trustpath::vault::pinned", message)
                .help("set VAULT_ADDR to the Vault that is meant, or change `cluster_id` under [connections.vault]"))
        }
        _ => Ok(()),
    }
}

fn no_token() -> Problem {
    Problem::new(Class::Config, "trustpath::vault::no_token", "there is no Vault token").help(
        "log in with `vault login`, which writes ~/.vault-token, or set VAULT_TOKEN; an agent has to add its own \
             (`use_auto_auth_token`)",
    )
}

/// The base URL of requests, and the `Host` header where they differ: TLS checks the name in the URL, so a name of its
/// own for TLS goes there, and names resolve to the address that was given.
fn target(settings: &VaultSettings) -> (Url, Option<String>) {
    let mut base = settings.address.clone();
    base.set_query(None);
    base.set_fragment(None);
    let Some(name) = &settings.server_name else {
        return (base, None);
    };
    let host = base.authority().to_owned();
    match base.set_host(Some(name)) {
        Ok(()) => (base, Some(host)),
        Err(_) => (settings.address.clone(), None),
    }
}

/// vaultrs' client around an HTTP client of our own: CA in memory, no redirects, time limits, no variables read.
fn client(
    settings: &VaultSettings,
    base: &Url,
    token: &SecretString,
    headers: HeaderMap,
) -> Result<VaultClient, Problem> {
    let http = http_client(settings, headers)?;
    // vaultrs puts the version before the whole path, and Vault behind a path prefix wants it after the prefix.
    let prefix = base.path().trim_matches('/');
    let version = if prefix.is_empty() { "v1".to_owned() } else { format!("{prefix}/v1") };
    let origin = base.origin().ascii_serialization();
    Ok(VaultClient {
        http: rustify::clients::reqwest::Client::new(&origin, http),
        middle: EndpointMiddleware {
            token: token.expose_secret().to_owned(),
            version,
            wrap: None,
            namespace: settings.namespace.clone(),
        },
        settings: VaultClientSettings {
            address: base.clone(),
            ca_certs: Vec::new(),
            identity: None,
            timeout: None,
            token: String::new(),
            verify: settings.verify,
            version: 1,
            wrapping: false,
            namespace: settings.namespace.clone(),
            proxy: None,
        },
    })
}

fn http_client(settings: &VaultSettings, headers: HeaderMap) -> Result<reqwest::Client, Problem> {
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls(settings)?)
        .user_agent(crate::USER_AGENT)
        .default_headers(headers)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(settings.limits.connect)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .http2_keep_alive_timeout(KEEP_ALIVE)
        .referer(false)
        .no_proxy();
    if let Some(proxy) = &settings.proxy {
        builder = builder.proxy(Proxy::all(proxy.expose_secret()).map_err(|error| unbuildable(&error))?);
    }
    if settings.server_name.is_some() {
        // Over HTTP/2 the name in the URL would be sent as the host.
        builder = builder.http1_only().dns_resolver(Arc::new(FixedHostResolver(host(&settings.address))));
    }
    if let Some(socket) = &settings.socket {
        builder = builder.unix_socket(socket.clone());
    }
    builder.build().map_err(|error| unbuildable(&error))
}

fn tls(settings: &VaultSettings) -> Result<ClientConfig, Problem> {
    let authorities = authorities(settings)?;
    let proxy = settings.proxy.as_ref().and_then(|proxy| proxy.expose_secret().split_once("://"));
    let way = [Some(settings.address.scheme()), proxy.map(|(scheme, _)| scheme)];
    let trusted = Trusted::of(&authorities, settings.verify, way);
    let builder = trust::client(&trusted).map_err(|error| unbuildable(&error))?;
    let mut tls = match &settings.client_certificate {
        Some((certificate, key)) => identity(builder, certificate, key)?,
        None => builder.with_no_client_auth(),
    };
    let versions: &[&[u8]] = if settings.server_name.is_some() { &[b"http/1.1"] } else { &[b"h2", b"http/1.1"] };
    tls.alpn_protocols = versions.iter().map(|version| version.to_vec()).collect();
    Ok(tls)
}

fn host(address: &Url) -> String {
    address.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned()
}

/// Resolves every name to the one host that was given.
struct FixedHostResolver(String);

impl Resolve for FixedHostResolver {
    fn resolve(&self, _: Name) -> Resolving {
        let host = self.0.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// The certificates of `VAULT_CACERT`, or else `VAULT_CACERT_BYTES`, or else each file in `VAULT_CAPATH`; they replace the
/// system's, as in Vault's own client (`go-rootcerts`).
fn authorities(settings: &VaultSettings) -> Result<Vec<CertificateDer<'static>>, Problem> {
    if let Some(file) = &settings.ca_file {
        return certificates(file, "VAULT_CACERT");
    }
    if let Some(pem) = &settings.ca_pem {
        return bundle(pem.as_bytes(), || no_certificate("the value", "VAULT_CACERT_BYTES"));
    }
    let Some(directory) = &settings.ca_directory else {
        return Ok(Vec::new());
    };
    let unreadable = |error: io::Error| unreadable(directory, "VAULT_CAPATH").because(error);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_file() {
            found.extend(certificates(&path, "VAULT_CAPATH")?);
        }
    }
    if found.is_empty() {
        return Err(no_certificate(&directory.display().to_string(), "VAULT_CAPATH"));
    }
    Ok(found)
}

fn certificates(file: &Path, variable: &str) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let pem = std::fs::read(file).map_err(|error| unreadable(file, variable).because(error))?;
    bundle(&pem, || no_certificate(&file.display().to_string(), variable))
}

fn bundle(pem: &[u8], none: impl FnOnce() -> Problem) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let found = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    found.ok().filter(|found| !found.is_empty()).ok_or_else(none)
}

fn identity(
    builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    certificate: &Pem,
    key: &Pem,
) -> Result<ClientConfig, Problem> {
    let read = |pem: &Pem, variable| match pem {
        Pem::Text(text) => Ok(text.expose_secret().as_bytes().to_vec()),
        Pem::File(path) => std::fs::read(path).map_err(|error| unreadable(path, variable).because(error)),
    };
    let (chain, key) = (read(certificate, "VAULT_CLIENT_CERT")?, read(key, "VAULT_CLIENT_KEY")?);
    let chain = CertificateDer::pem_slice_iter(&chain).collect::<Result<Vec<_>, _>>().map_err(|_| no_identity())?;
    let key = PrivateKeyDer::from_pem_slice(&key).map_err(|_| no_identity())?;
    builder.with_client_auth_cert(chain, key).map_err(|_| no_identity())
}

fn no_identity() -> Problem {
    let message = "VAULT_CLIENT_CERT and VAULT_CLIENT_KEY are no certificate and key in PEM";
    Problem::new(Class::Config, "trustpath::vault::client_certificate", message)
        .help("the key has to be unencrypted, and the certificate the one made for it")
}

fn no_certificate(place: &str, variable: &str) -> Problem {
    let message = format!("{place} ({variable}) holds no certificate in PEM");
    Problem::new(Class::Config, "trustpath::vault::ca", message)
        .help("it begins with -----BEGIN CERTIFICATE----- ; `openssl x509 -in FILE -noout -subject` shows what it is")
}

fn unbuildable(error: &dyn std::error::Error) -> Problem {
    let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    Problem::new(Class::Config, "trustpath::vault::tls_setup", "TLS for Vault cannot be set up")
        .because(clean(&why))
        .help("see whether VAULT_CACERT, VAULT_CLIENT_CERT and VAULT_CLIENT_KEY hold what their names say")
}
