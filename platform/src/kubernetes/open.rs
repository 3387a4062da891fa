//! Opening the connection.

use std::sync::{Arc, Mutex};

use kube::config::AuthInfo;
use pem::{EncodeConfig, LineEnding, Pem};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;
use trustpath_core::{Class, Problem, Result};

use super::{ApiServerConnection, Cluster, KubernetesSettings, client, configuration, credentials::Credentials};
use crate::{Connections, Environment, install_crypto_provider, text::clean};

/// The API server, as the kubeconfig knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiServer {
    /// Its URL.
    pub url: String,
    /// The certificates of its authority in PEM; `None` where the kubeconfig has none.
    pub ca_pem: Option<String>,
    /// The name that its certificate is checked for, where that is not the URL's host.
    pub server_name: Option<String>,
    /// It is reached through a proxy.
    pub by_proxy: bool,
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
        let (configuration, mut warnings) = configuration::read(&settings)?;
        let (limits, fence) = (settings.limits.clone(), settings.fence.clone());
        let (credentials, made) = Credentials::of(&configuration.auth_info, limits.total).await?;
        let made = made.map(|(certificate, key)| (certificate.into_bytes(), key.expose_secret().as_bytes().to_vec()));
        let certificate = configuration::client_certificate(&configuration.auth_info)?.or(made);
        let is_by_connection = certificate.is_some() || configuration.auth_info.impersonate.is_some();
        let client = client::build(&configuration, certificate)?;
        let opening = Arc::default();
        let held = configuration::held(&configuration);
        if configuration.accept_invalid_certs {
            let words = "the kubeconfig says insecure-skip-tls-verify: anybody on the way can read the credentials";
            warnings.push(words.to_owned());
        }
        let (uid, served) = (OnceCell::new(), Mutex::default());
        let heard = settings.heard.clone();
        let server = ApiServerConnection { configuration, is_by_connection, warnings, fence, heard, held, uid, served };
        let cluster = Self { client, credentials, opening, limits, server: Arc::new(server) };
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
        let credentials = Credentials::bearer(&token)?;
        if !self.server.is_by_connection {
            return Ok(Self { credentials, ..self.clone() });
        }
        let mut configuration = self.server.configuration.clone();
        configuration.auth_info = AuthInfo::default();
        let client = client::build(&configuration, None)?;
        Ok(Self { client, credentials, opening: Arc::default(), ..self.clone() })
    }

    /// The API server's URL and authority, from the kubeconfig.
    pub fn api_server(&self) -> ApiServer {
        let configuration = &self.server.configuration;
        ApiServer {
            url: configuration.cluster_url.to_string().trim_end_matches('/').to_owned(),
            ca_pem: configuration.root_cert.as_deref().filter(|certificates| !certificates.is_empty()).map(pem),
            server_name: configuration.tls_server_name.clone(),
            by_proxy: configuration.proxy_url.is_some(),
        }
    }

    /// What the user should be told.
    pub fn warnings(&self) -> Vec<String> {
        self.server.warnings.clone()
    }
}

fn pem(certificates: &[Vec<u8>]) -> String {
    let unix = EncodeConfig::new().set_line_ending(LineEnding::LF);
    certificates.iter().map(|der| pem::encode_config(&Pem::new("CERTIFICATE", der.as_slice()), unix)).collect()
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
