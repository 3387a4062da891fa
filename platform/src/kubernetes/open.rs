//! Opening the connection.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use kube::{
    Config,
    client::{AuthError, Client},
    config::AuthInfo,
};
use pem::{EncodeConfig, LineEnding, Pem};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tokio::{sync::OnceCell, time::timeout};
use trustpath_core::{Class, Problem, Result};

use super::{ApiServerConnection, Cluster, KubernetesSettings, client::Pool, configuration};
use crate::{
    Connections, Environment,
    hide::{Secrets, shapes},
    install_crypto_provider,
    text::clean,
};

/// The API server, as the kubeconfig knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiServer {
    /// Its URL.
    pub url: String,
    /// The certificates of its authority in PEM; `None` where the kubeconfig has none.
    pub ca_pem: Option<String>,
    /// The kubeconfig says not to look at the certificate.
    pub unverified: bool,
}

impl Cluster {
    /// Opens a connection to where environment, graph file and `--context` say.
    pub async fn connect(environment: &Environment, connections: &Connections, context: Option<&str>) -> Result<Self> {
        Self::open(KubernetesSettings::from(environment, connections, context)).await
    }

    /// Opens a connection. Asks the server nothing, unless the graph file pins the cluster.
    ///
    /// # Errors
    /// When no configuration is there or it cannot be used, or the cluster is another than the one pinned.
    pub async fn open(settings: KubernetesSettings) -> Result<Self> {
        install_crypto_provider();
        let configuration = configuration::read(&settings).await?;
        let (limits, fence) = (settings.limits.clone(), settings.fence.clone());
        let (client, pool) = client(configuration.clone(), limits.total).await?;
        let opening = Arc::default();
        let held = configuration::held(&configuration);
        let (uid, served) = (OnceCell::new(), Mutex::default());
        let heard = settings.heard.clone();
        let server = ApiServerConnection { configuration, pool, fence, heard, held, uid, served };
        let cluster = Self { client, opening, limits, server: Arc::new(server) };
        if let Some(pin) = &settings.uid {
            pinned(pin, cluster.uid().await?)?;
        }
        Ok(cluster)
    }

    /// The same server with a token instead of this connection's credentials: what may its owner do?
    ///
    /// # Errors
    /// When the token cannot go into a header.
    pub async fn with_token(&self, token: SecretString) -> Result<Self> {
        let mut configuration = self.server.configuration.clone();
        configuration.auth_info = AuthInfo { token: Some(token), ..AuthInfo::default() };
        if let Some(pool) =
            self.server.pool.as_ref().filter(|_| !is_by_connection(&self.server.configuration.auth_info))
        {
            let client = pool.client(&configuration).map_err(|error| unbuildable(&error, &self.server.held))?;
            return Ok(Self { client, ..self.clone() });
        }
        let (client, _) = client(configuration, self.limits.total).await?;
        Ok(Self { client, opening: Arc::default(), ..self.clone() })
    }

    /// The API server's URL and authority, from the kubeconfig.
    pub fn api_server(&self) -> ApiServer {
        let configuration = &self.server.configuration;
        ApiServer {
            url: configuration.cluster_url.to_string().trim_end_matches('/').to_owned(),
            ca_pem: configuration.root_cert.as_deref().filter(|certificates| !certificates.is_empty()).map(pem),
            unverified: configuration.accept_invalid_certs,
        }
    }

    /// What the user should be told.
    pub fn warnings(&self) -> Vec<String> {
        let server = self.api_server();
        let unverified = "the kubeconfig says insecure-skip-tls-verify: anybody on the way can read the credentials";
        server.unverified.then(|| unverified.to_owned()).into_iter().collect()
    }
}

/// Whether the connection itself may say who asks, and would do so for every token that is sent over it: with a client
/// certificate, also one that a plugin makes.
fn is_by_connection(credentials: &AuthInfo) -> bool {
    let AuthInfo { client_certificate, client_certificate_data, exec, .. } = credentials;
    client_certificate.is_some() || client_certificate_data.is_some() || exec.is_some()
}

fn pem(certificates: &[Vec<u8>]) -> String {
    let unix = EncodeConfig::new().set_line_ending(LineEnding::LF);
    certificates.iter().map(|der| pem::encode_config(&Pem::new("CERTIFICATE", der.as_slice()), unix)).collect()
}

/// Building the client may run a program of the user's that makes credentials: off the async threads, with a limit.
async fn client(configuration: Config, limit: Duration) -> Result<(Client, Option<Pool>), Problem> {
    let held = configuration::held(&configuration);
    let building = tokio::task::spawn_blocking(|| super::client::build(configuration));
    match timeout(limit, building).await {
        Ok(Ok(Ok(client))) => Ok(client),
        Ok(Ok(Err(error))) => Err(unbuildable(&error, &held)),
        // What it panicked with may be anything, a credential too.
        Ok(Err(_)) => Err(Problem::new(Class::Internal, "trustpath::kubernetes::client", "the client panicked")
            .help("this is a defect; please report it")),
        Err(_) => {
            let message =
                format!("the credential plugin of the kubeconfig did not answer within {} s", limit.as_secs());
            Err(Problem::new(Class::Timeout, "trustpath::kubernetes::credentials", message)
                .help("run the command under `exec` in the kubeconfig by hand"))
        }
    }
}

fn unbuildable(error: &kube::Error, held: &Secrets) -> Problem {
    match error {
        kube::Error::Auth(auth) => Problem::new(Class::Denied, "trustpath::kubernetes::credentials", why(auth))
            .help("run the command under `exec` in the kubeconfig by hand, or log in again"),
        other => {
            let why = held.hide(&clean(&other.to_string()));
            let message = format!("the Kubernetes client cannot be set up: {why}");
            Problem::new(Class::Config, "trustpath::kubernetes::client", message)
                .help("see whether certificates and keys in the kubeconfig are what their names say")
        }
    }
}

/// Why there are no credentials. What a plugin writes on its standard output is a credential, and stays unseen; so do its
/// arguments and its variables, which may hold what it makes credentials of.
pub(super) fn why(error: &AuthError) -> String {
    let why = match error {
        AuthError::AuthExecRun { out, .. } => {
            let said = shapes(&clean(&String::from_utf8_lossy(&out.stderr)));
            format!("the credential plugin failed ({}): {said}", out.status)
        }
        AuthError::AuthExecStart(error) => format!("the credential plugin cannot be started: {error}"),
        AuthError::ReadTokenFile(error, path) => format!("{}: {error}", path.display()),
        AuthError::AuthExecParse(_) => "the credential plugin answered something else".to_owned(),
        AuthError::ExecPluginFailed => "the credential plugin gave none".to_owned(),
        AuthError::MissingCommand => "the kubeconfig names no command under `exec`".to_owned(),
        AuthError::InvalidBearerToken(_) => "the token holds a line break or a control character".to_owned(),
        _ => "what the kubeconfig names cannot be used".to_owned(),
    };
    format!("there are no Kubernetes credentials: {why}")
}

fn pinned(pin: &str, found: &str) -> Result<(), Problem> {
    if pin == found {
        return Ok(());
    }
    let found = clean(found);
    let message =
        format!("the graph file pins the cluster whose kube-system has the uid `{pin}`, and this one's is `{found}`");
    Err(Problem::new(Class::Refused, "trustpath::kubernetes::pinned", message)
        .help("pick the context that is meant with --context, or change `uid` under [connections.kubernetes]"))
}
