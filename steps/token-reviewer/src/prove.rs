//! Proving: the Secret holds a token, and that token may review others.

use std::time::Duration;

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::SecretString;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use trustpath_core::{Context, Evidence, Probe, Proof, Result, Right};
use trustpath_platform::{
    Cluster,
    error::{Error, Kind},
    kubernetes::{Access, owned::OwnedParts as _, rights::on},
    text::clean,
};

use crate::{State, config::Names};

/// How long the tokens controller may take to fill a Secret.
const FILLED: Duration = Duration::from_secs(15);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(100);

const REVIEW: Access<'_> = Access {
    verb: "create",
    group: "authentication.k8s.io",
    resource: "tokenreviews",
    subresource: None,
    namespace: None,
    name: None,
};

/// Without a state there is nothing to see, but what it takes to try it.
pub(crate) fn prove(names: Names, step: &str, state: Option<&State>) -> Proof {
    let next = format!("trustpath apply {step}");
    let seen = state.map(|state| objects(&names, state, &next)).unwrap_or_default();
    let proof = Proof { seen, probes: Vec::new() };
    if proof.seen.holds() { proof.and(ReviewProbe { names, next }) } else { proof }
}

/// Asks with the token in the Secret whether that may review others. The token itself is asked, which needs no right of ours
/// but to read it, as the object is read.
#[derive(Debug)]
struct ReviewProbe {
    names: Names,
    next: String,
}

#[async_trait]
impl Probe for ReviewProbe {
    fn rights(&self) -> Vec<Right> {
        on("", "secrets").within(&self.names.account.namespace).named(&self.names.secret).may(&["get"])
    }

    async fn run(&self, cx: &Context) -> Result<Evidence> {
        let (names, filled) = (&self.names, "token Secret is filled");
        let cluster = cx.handle::<Cluster>().await?;
        match token(&cluster, names).await? {
            Some(token) => {
                let evidence = Evidence::new().passed(filled, format!("{}/{}", names.account.namespace, names.secret));
                Ok(evidence.and(self.review(&cluster, token).await?))
            }
            None => {
                let why = format!("the Secret `{}` holds no token", names.secret);
                Ok(Evidence::new().failed(filled, why, "see whether the cluster's tokens controller runs"))
            }
        }
    }
}

impl ReviewProbe {
    async fn review(&self, cluster: &Cluster, token: SecretString) -> Result<Evidence> {
        let (names, next, what) = (&self.names, &self.next, "the reviewer may review tokens");
        let evidence = Evidence::new();
        match cluster.with_token(token).await?.can_i(&REVIEW).await {
            Ok(true) => Ok(evidence.passed(what, format!("{} may {REVIEW}", names.account))),
            Ok(false) => Ok(evidence.failed(what, format!("{} may not {REVIEW}", names.account), next)),
            Err(error) if error.kind() == Kind::Unauthenticated => {
                let why = format!("the API server does not accept the token in the Secret `{}`", names.secret);
                let remove = format!("kubectl delete secret {} -n {}", names.secret, names.account.namespace);
                Ok(evidence.failed(what, why, format!("{remove}, then {next}")))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Each object is there and as it should be.
fn objects(names: &Names, state: &State, next: &str) -> Evidence {
    let bodies = [names.account_body(), names.secret_body(), names.binding_body()];
    let whats = ["ServiceAccount exists", "token Secret exists", "bound to system:auth-delegator and nothing else"];
    let seen = [names.account.to_string(), names.secret.clone(), names.binding.clone()];
    let parts = state.clone().split().into_iter().zip(bodies).zip(whats.into_iter().zip(seen));
    parts.fold(Evidence::new(), |evidence, ((part, body), (what, seen))| match part {
        None => evidence.failed(what, "it is not there", next),
        Some(part) => {
            let unlike: Vec<_> = part.unlike(&body).into_iter().map(|(path, _)| clean(&path)).collect();
            if unlike.is_empty() {
                evidence.passed(what, seen)
            } else {
                evidence.failed(what, format!("not as the graph file says: {}", unlike.join(", ")), next)
            }
        }
    })
}

/// The token in the Secret, once the tokens controller has put it there.
async fn token(cluster: &Cluster, names: &Names) -> Result<Option<SecretString>, Error> {
    let deadline = Instant::now() + FILLED;
    loop {
        let secret = cluster.live(&names.secret_at()).await?;
        if let Some(token) = secret.as_ref().and_then(decoded) {
            return Ok(Some(token));
        }
        if Instant::now() > deadline {
            return Ok(None);
        }
        sleep(PAUSE).await;
    }
}

fn decoded(secret: &Value) -> Option<SecretString> {
    let bytes = STANDARD.decode(secret["data"]["token"].as_str()?).ok()?;
    String::from_utf8(bytes).ok().map(SecretString::from)
}
