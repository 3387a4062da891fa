//! Proves the link: the mount and its config are as they should be, the stored CA vouches for the API server, and the
//! reviewer may review.

use std::time::Duration;

use secrecy::SecretString;
use trustpath_core::{At, Change, Class, Evidence, Failure, Result};
use trustpath_platform::{
    Cluster,
    error::Kind,
    handshake::{Handshake, handshake},
    kubernetes::Access,
    text::{clean, listed},
};

use crate::{
    Taken,
    config::{KubernetesAuth, Reviewer as Choice},
    owner::{self, Claim},
    source,
    state::{Config, Reviewer, State, TYPE},
};

/// How long the API server may take for each move of a handshake.
const LIMIT: Duration = Duration::from_secs(10);

const MOUNTED: &str = "auth method is mounted";
const CONFIGURED: &str = "config is as the graph file says";
const CA: &str = "the stored CA vouches for the API server";
const REVIEWS: &str = "the reviewer may review tokens";

impl KubernetesAuth {
    pub(crate) async fn evidence(&self, at: At<'_, Taken>, state: &State) -> Result<Evidence> {
        let evidence = Evidence::new();
        let (mount, kind) = (&self.mount, &state.mount.kind);
        if kind != TYPE {
            let why = format!("at `{mount}` there is an auth mount of the type `{kind}`");
            return Ok(evidence.failed(MOUNTED, why, "choose another `mount` in the graph file"));
        }
        let evidence = evidence.passed(MOUNTED, format!("auth/{mount} is of the type `{TYPE}`"));
        let wanted = self.wanted(at, state).await;
        if let Some(why) = wanted.as_ref().err().and_then(serves_another) {
            // Nothing else of it is this cluster's to mend.
            return Ok(evidence.failed(CONFIGURED, why, owner::own_mount(mount.as_str())));
        }
        let evidence = compared(at, state, wanted, evidence)?;
        let Some(config) = &state.config else { return Ok(evidence) };
        let (ca, reviews) = futures::join!(checked_ca(config), self.reviews(at, config));
        Ok(evidence.and(ca).and(reviews?))
    }

    async fn wanted(&self, at: At<'_, Taken>, state: &State) -> Result<State> {
        let around = self.survey_making(at).await?;
        // Never what the user agrees to for an apply: whose the mount is, is for a proof to find.
        let claim = Claim { adopts: false, ..Claim::of(at.cx) };
        Ok(self.decide(claim, &around, Some(state))?.state)
    }

    async fn reviews(&self, at: At<'_, Taken>, config: &Config) -> Result<Evidence> {
        let evidence = Evidence::new();
        let digest = match (&config.reviewer, &self.reviewer) {
            (Reviewer::Jwt(digest), _) => digest,
            (Reviewer::None, Choice::Client) => {
                let why = "each JWT that logs in reviews itself: the login of the role shows whether it may";
                return Ok(evidence.unchecked(REVIEWS, why));
            }
            (Reviewer::None, _) => {
                let why =
                    "the token of Vault's own pod is not for anybody else: the login of the role shows whether it may";
                return Ok(evidence.unchecked(REVIEWS, why));
            }
            (Reviewer::Unknown | Reviewer::NotYet, _) => {
                return Ok(
                    evidence.unchecked(REVIEWS, "whose JWT Vault holds is not known, and Vault does not give it back")
                );
            }
        };
        let Some(source) = self.source(at.facts) else {
            return Ok(evidence.unchecked(REVIEWS, "the graph file names no source of the reviewer's JWT"));
        };
        match source::read(at.cx, &source).await {
            Ok(Some(jwt)) if jwt.digest == *digest => {
                let who = jwt.claims.service_account.unwrap_or_else(|| format!("the owner of the JWT in {source}"));
                asked(at, evidence, jwt.token, &who).await
            }
            Ok(Some(jwt)) => {
                let why = format!("Vault has the JWT {digest}, and {source} holds {}", jwt.digest);
                Ok(evidence.failed(REVIEWS, why, format!("trustpath apply {}", at.cx.step())))
            }
            Ok(None) => {
                Ok(evidence.failed(REVIEWS, format!("{source} does not exist"), "apply the step that makes it"))
            }
            Err(failure) => told(evidence, REVIEWS, failure),
        }
    }
}

/// Why a mount is another cluster's, if that is what a failure is about.
fn serves_another(failure: &Failure) -> Option<String> {
    let report = failure.report();
    (report.code.as_deref() == Some(owner::CODE)).then_some(report.message)
}

fn compared(at: At<'_, Taken>, state: &State, wanted: Result<State>, evidence: Evidence) -> Result<Evidence> {
    let wanted = match wanted {
        Ok(wanted) => wanted,
        Err(failure) => return told(evidence, CONFIGURED, failure),
    };
    let differing = differing(state, &wanted);
    Ok(if differing.is_empty() {
        let host = state.config.as_ref().map(|config| config.kubernetes_host.as_str()).unwrap_or_default();
        evidence.passed(CONFIGURED, format!("API server {}", clean(host)))
    } else {
        let why = format!("{} not as the graph file says", is(&differing));
        evidence.failed(CONFIGURED, why, format!("trustpath apply {}", at.cx.step()))
    })
}

/// What is wrong with what the graph file names does not hold; a server that cannot be asked is a failure of the proof.
fn told(evidence: Evidence, what: &str, failure: Failure) -> Result<Evidence> {
    if !matches!(failure.class(), Class::Config | Class::Missing | Class::Conflict | Class::Refused) {
        return Err(failure);
    }
    let report = failure.report();
    let why = [vec![report.message], report.causes].concat().join(": ");
    Ok(evidence.failed(what, why, report.help.unwrap_or_default()))
}

/// Asks the API server, as the reviewer, what the reviewer may do: the kubeconfig's server, and no other.
async fn asked(at: At<'_, Taken>, evidence: Evidence, jwt: SecretString, who: &str) -> Result<Evidence> {
    let review =
        Access { verb: "create", group: "authentication.k8s.io", resource: "tokenreviews", ..Access::default() };
    let reviewer = at.cx.handle::<Cluster>().await?.with_token(jwt).await?;
    match reviewer.can_i(&review).await {
        Ok(true) => Ok(evidence.passed(REVIEWS, format!("{who} may {review}"))),
        Ok(false) => {
            let next = "bind it to the ClusterRole system:auth-delegator: a `token-reviewer` step does";
            Ok(evidence.failed(REVIEWS, format!("{who} may not {review}"), next))
        }
        Err(error) if error.kind() == Kind::Unauthenticated => {
            let next = "give a JWT that is valid: a `token-reviewer` step makes one that lasts";
            Ok(evidence.failed(REVIEWS, format!("the API server does not accept the JWT of {who}"), next))
        }
        Err(error) => Err(error.into()),
    }
}

/// Shakes hands with the API server as the config has it: an address read from a server gets no credentials.
async fn checked_ca(config: &Config) -> Evidence {
    let evidence = Evidence::new();
    let host = clean(&config.kubernetes_host);
    if config.kubernetes_ca_cert.is_empty() {
        return evidence.unchecked(CA, "none is stored: Vault uses that of its own pod, or of its machine");
    }
    if !config.kubernetes_host.starts_with("https://") {
        return evidence.unchecked(CA, format!("{host} is not encrypted"));
    }
    if is_inside(&config.kubernetes_host) {
        return evidence.unchecked(CA, format!("{host} is a name of the cluster's own, which is not known here"));
    }
    match handshake(&config.kubernetes_host, &config.kubernetes_ca_cert, LIMIT).await {
        Handshake::Trusted => evidence.passed(CA, format!("TLS handshake with {host}")),
        Handshake::Untrusted(why) => {
            let next =
                "see whether `kubernetes_host` and `ca` are of the same cluster, and the CA was not renewed since";
            evidence.failed(CA, format!("{host}: {why}"), next)
        }
        Handshake::Unreached(why) => evidence.unchecked(CA, format!("{host} cannot be reached from here: {why}")),
    }
}

fn is_inside(url: &str) -> bool {
    let host =
        url::Url::parse(url).ok().and_then(|url| url.host_str().map(|host| host.trim_end_matches('.').to_owned()));
    host.is_some_and(|host| host.ends_with(".svc") || host.ends_with(".cluster.local"))
}

/// The paths of what is not as it should be; a mark alone is no difference.
fn differing(state: &State, wanted: &State) -> Vec<String> {
    let json = |state: &State| serde_json::to_value(state).ok();
    let change = Change { before: json(state), after: json(wanted) };
    let paths = change.leaves().into_iter().map(|leaf| leaf.path);
    paths.filter(|path| !path.starts_with("mount.mark")).collect()
}

fn is(paths: &[String]) -> String {
    format!("{} {}", listed(paths), if paths.len() == 1 { "is" } else { "are" })
}
