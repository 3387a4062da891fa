//! Proving: the Secret holds a token, and that token may review others.

use async_trait::async_trait;
use trustpath_core::{Class, Context, Evidence, Probe, Proof, Result, Right, graph::word};
use trustpath_platform::{Cluster, kubernetes::owned::OwnedParts as _, text::clean, vault::backend::SecretRef};

use crate::config::{Names, State};

/// Without a state there is nothing to see, but what it takes to try it.
pub(crate) fn prove(names: Names, step: &str, state: Option<&State>) -> Proof {
    let next = format!("trustpath apply {}", word(step));
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
        self.names.token().rights()
    }

    async fn run(&self, cx: &Context) -> Result<Evidence> {
        const FILLED: &str = "token Secret is filled";
        let Names { account, secret, .. } = &self.names;
        let token = match self.names.token().fetch(cx).await {
            Ok(token) => token,
            Err(failure) if failure.class() == Class::Missing => {
                let next = "see whether the cluster's tokens controller runs";
                return Ok(Evidence::new().failed(FILLED, failure.to_string(), next));
            }
            Err(failure) => return Err(failure),
        };
        let evidence = Evidence::new().passed(FILLED, format!("{}/{secret}", account.namespace));
        let renew = format!("kubectl delete secret {secret} -n {}, then {}", account.namespace, self.next);
        let next = [self.next.as_str(), &renew];
        let cluster = cx.handle::<Cluster>().await?;
        Ok(evidence.and(cluster.is_reviewer(token, &account.to_string(), next).await?))
    }
}

impl Names {
    /// The token, once the tokens controller has put it there.
    fn token(&self) -> SecretRef {
        SecretRef::TokenSecret { namespace: self.account.namespace.clone(), name: self.secret.clone() }
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
