//! What a request says of who sends it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderValue;
use jiff::{SignedDuration, Timestamp};
use kube::config::{AuthInfo, ExecConfig};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Mutex;
use trustpath_core::{Class, Problem};

use super::plugin::{self, Made, no_credentials};
use crate::text::clean;

/// How long before its end a credential is made anew.
const MARGIN: SignedDuration = SignedDuration::from_secs(10);

/// The credentials that are sent with each request. A client certificate is the connection's.
#[derive(Clone, Default)]
pub(super) enum Credentials {
    #[default]
    Nothing,
    Fixed(HeaderValue),
    /// Another program writes it anew.
    File(PathBuf),
    Plugin(Arc<PluginCredentials>),
}

/// What a plugin made last, and how it is made again.
pub(super) struct PluginCredentials {
    exec: ExecConfig,
    limit: Duration,
    made: Mutex<Option<(Option<HeaderValue>, Option<Timestamp>)>>,
}

impl Credentials {
    /// Those of a kubeconfig's user, in the order of precedence of client-go; and the client certificate that a plugin made.
    /// A plugin is not run where there are others.
    pub(super) async fn of(
        user: &AuthInfo,
        limit: Duration,
    ) -> Result<(Self, Option<(String, SecretString)>), Problem> {
        let has_certificate = user.client_certificate.is_some() || user.client_certificate_data.is_some();
        Ok(match user {
            AuthInfo { token: Some(token), .. } => (Self::bearer(token)?, None),
            AuthInfo { token_file: Some(file), .. } => (Self::File(file.into()), None),
            AuthInfo { username: Some(name), password, .. } => (basic(name, password.as_ref())?, None),
            AuthInfo { auth_provider: Some(provider), .. } => {
                match (&*provider.name, provider.config.get("id-token")) {
                    ("oidc", Some(token)) => (Self::bearer(&token.as_str().into())?, None),
                    (name, _) => return Err(no_provider(name)),
                }
            }
            AuthInfo { exec: Some(exec), .. } if !has_certificate => {
                let Made { token, certificate, expires } = plugin::run(exec, limit).await?;
                let header = token.as_ref().map(bearer).transpose()?;
                let made = Mutex::new(Some((header, expires)));
                (Self::Plugin(Arc::new(PluginCredentials { exec: exec.clone(), limit, made })), certificate)
            }
            _ => (Self::Nothing, None),
        })
    }

    /// A token.
    pub(super) fn bearer(token: &SecretString) -> Result<Self, Problem> {
        bearer(token).map(Self::Fixed)
    }

    /// The header of a request that is sent now.
    pub(super) async fn header(&self) -> Result<Option<HeaderValue>, Problem> {
        match self {
            Self::Nothing => Ok(None),
            Self::Fixed(header) => Ok(Some(header.clone())),
            Self::File(file) => from_file(file).await.map(Some),
            Self::Plugin(plugin) => plugin.header().await,
        }
    }

    /// The server did not accept what was sent: a plugin makes another one for the next request, as in client-go.
    pub(super) async fn refused(&self) {
        if let Self::Plugin(plugin) = self {
            *plugin.made.lock().await = None;
        }
    }
}

impl PluginCredentials {
    async fn header(&self) -> Result<Option<HeaderValue>, Problem> {
        let mut made = self.made.lock().await;
        if let Some((header, expires)) = &*made
            && expires.is_none_or(|end| Timestamp::now() + MARGIN < end)
        {
            return Ok(header.clone());
        }
        let Made { token, expires, .. } = plugin::run(&self.exec, self.limit).await?;
        let header = token.as_ref().map(bearer).transpose()?;
        *made = Some((header.clone(), expires));
        Ok(header)
    }
}

async fn from_file(file: &Path) -> Result<HeaderValue, Problem> {
    let text = tokio::fs::read_to_string(file).await.map(SecretString::from).map_err(|error| {
        no_credentials(Class::Config, format!("the file {} cannot be read", file.display()))
            .because(error)
            .help("`tokenFile` in the kubeconfig names it, or the pod mounts it")
    })?;
    bearer(&text)
}

/// White space around a token is the file's.
fn bearer(token: &SecretString) -> Result<HeaderValue, Problem> {
    sensitive(format!("Bearer {}", token.expose_secret().trim()))
}

fn basic(name: &str, password: Option<&SecretString>) -> Result<Credentials, Problem> {
    let password = password.map(|password| password.expose_secret()).unwrap_or_default();
    sensitive(format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))).map(Credentials::Fixed)
}

fn sensitive(text: String) -> Result<HeaderValue, Problem> {
    let mut header = HeaderValue::try_from(text).map_err(|_| {
        no_credentials(Class::Config, "the token holds a line break or a control character")
            .help("see where the kubeconfig's user has it from, and set it to the token and nothing else")
    })?;
    header.set_sensitive(true);
    Ok(header)
}

/// kubectl has no others left but `oidc` (1.26), and without a token to begin with that one asks the issuer.
fn no_provider(name: &str) -> Problem {
    no_credentials(Class::Config, format!("the auth-provider `{}` of the kubeconfig cannot be used", clean(name)))
        .help("use a credential plugin instead: `exec` with gke-gcloud-auth-plugin, kubelogin, or `kubectl oidc-login`")
}
