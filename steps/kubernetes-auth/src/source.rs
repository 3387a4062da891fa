//! Reviewer JWTs, fetched from where they come from: for a digest when something is decided, and again when it is
//! written.

use std::{fmt, path::PathBuf, time::Duration};

use k8s_openapi::api::core::v1::Secret;
use secrecy::SecretString;
use tokio::time::{Instant, sleep};
use trustpath_core::{Class, Context, Problem, Result, Right};
use trustpath_platform::{
    Cluster, ReviewerSecret,
    digest::Digest,
    kubernetes::{Address, rights::on},
    text::clean,
};

use crate::{
    config::Source,
    jwt::{self, Claims},
};

/// The type of a Secret that holds a ServiceAccount's token.
const TOKEN: &str = "kubernetes.io/service-account-token";
/// How long a cluster may take to fill such a Secret, once it is there.
const FILLED: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

/// Where a reviewer JWT comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JwtSource {
    File(PathBuf),
    Secret {
        namespace: String,
        name: String,
        /// A step before this one makes it: it may not be there yet.
        made: bool,
    },
}

/// A reviewer JWT. Its `Debug` shows nothing of it.
#[derive(Debug)]
pub(crate) struct Jwt {
    pub(crate) token: SecretString,
    pub(crate) digest: Digest,
    pub(crate) claims: Claims,
}

impl From<&Source> for JwtSource {
    fn from(source: &Source) -> Self {
        match source {
            Source::File(file) => Self::File(file.clone()),
            Source::Secret(at) => {
                Self::Secret { namespace: at.namespace.to_string(), name: at.name.to_string(), made: false }
            }
        }
    }
}

impl From<&ReviewerSecret> for JwtSource {
    fn from(at: &ReviewerSecret) -> Self {
        Self::Secret { namespace: at.namespace.clone(), name: at.name.clone(), made: true }
    }
}

impl JwtSource {
    /// What fetching it takes.
    pub(crate) fn rights(&self) -> Vec<Right> {
        match self {
            Self::File(_) => Vec::new(),
            Self::Secret { namespace, name, .. } => on("", "secrets").within(namespace).named(name).may(&["get"]),
        }
    }

    /// Whether a step before this one makes it.
    pub(crate) fn is_made(&self) -> bool {
        matches!(self, Self::Secret { made: true, .. })
    }
}

impl fmt::Display for JwtSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(f, "the file {}", file.display()),
            Self::Secret { namespace, name, .. } => write!(f, "the Secret {namespace}/{name}"),
        }
    }
}

/// Fetches a JWT; `None` where the step that makes it was not applied yet.
pub(crate) async fn read(cx: &Context, source: &JwtSource) -> Result<Option<Jwt>> {
    let text = match source {
        JwtSource::File(file) => {
            tokio::fs::read_to_string(file).await.map_err(|error| unreadable(source).because(error))?
        }
        JwtSource::Secret { namespace, name, made } => {
            let cluster = cx.handle::<Cluster>().await?;
            match token(&cluster, namespace, name, source).await? {
                Some(token) => token,
                None if *made => return Ok(None),
                None => return Err(missing(source).into()),
            }
        }
    };
    let text = text.trim();
    let claims = jwt::claims(text).map_err(|error| no_jwt(source).because(error))?;
    Ok(Some(Jwt { token: SecretString::from(text), digest: Digest::of(text), claims }))
}

/// The token in a Secret, for which a Secret that was just made is waited for.
async fn token(cluster: &Cluster, namespace: &str, name: &str, source: &JwtSource) -> Result<Option<String>> {
    let address = Address::<Secret>::namespaced(namespace, name);
    let deadline = Instant::now() + FILLED;
    loop {
        let Some(secret) = cluster.get(&address).await? else { return Ok(None) };
        if secret.type_.as_deref() != Some(TOKEN) {
            return Err(other_type(source, secret.type_.as_deref().unwrap_or("Opaque")).into());
        }
        let token = secret.data.and_then(|mut data| data.remove("token")).filter(|token| !token.0.is_empty());
        if let Some(token) = token {
            return Ok(Some(String::from_utf8(token.0).map_err(|_| no_jwt(source))?));
        }
        if Instant::now() + PAUSE > deadline {
            return Err(not_filled(source).into());
        }
        sleep(PAUSE).await;
    }
}

fn unreadable(source: &JwtSource) -> Problem {
    Problem::new(Class::Config, "trustpath::kubernetes_auth::reviewer_file", format!("{source} cannot be read"))
        .help("it has to hold the reviewer's JWT and nothing else; its path is seen from where you start the program")
}

fn missing(source: &JwtSource) -> Problem {
    let message = format!("{source}, from which the reviewer's JWT comes, does not exist");
    Problem::new(Class::Missing, "trustpath::kubernetes_auth::reviewer_secret", message)
        .help("make it, or let a `token-reviewer` step make it, which this step then needs")
}

fn other_type(source: &JwtSource, kind: &str) -> Problem {
    let message = format!("{source} is of the type `{}`, and a reviewer's is of the type `{TOKEN}`", clean(kind));
    Problem::new(Class::Config, "trustpath::kubernetes_auth::reviewer_secret", message)
        .help("a token in a Secret of another type is one that nobody keeps valid: a `token-reviewer` step makes the right one")
}

fn not_filled(source: &JwtSource) -> Problem {
    let message = format!("{source} is there, and the cluster has put no token into it");
    Problem::new(Class::Missing, "trustpath::kubernetes_auth::reviewer_secret", message)
        .help("see whether the ServiceAccount that its annotation `kubernetes.io/service-account.name` names exists")
}

fn no_jwt(source: &JwtSource) -> Problem {
    Problem::new(Class::Config, "trustpath::kubernetes_auth::reviewer_jwt", format!("{source} holds no JWT")).help(
        "the reviewer is a ServiceAccount's token: `kubectl create token NAME -n NAMESPACE` prints a short-lived one",
    )
}
