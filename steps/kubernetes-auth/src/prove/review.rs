//! Whether the reviewer may review tokens.

use async_trait::async_trait;
use trustpath_core::{Context, Evidence, Probe, Read as _, Result, Right, graph::word};
use trustpath_platform::{Cluster, digest::Digest};

use crate::{
    jwt::{Jwt, JwtSource},
    reads::{is_told, told},
    state::Reviewer,
};

const REVIEWS: &str = "the reviewer may review tokens";
const UNBOUND: &str = "bind it to the ClusterRole system:auth-delegator: a `token-reviewer` step does";
const UNKNOWN: &str = "give a JWT that is valid: a `token-reviewer` step makes one that lasts";

/// Asks the API server as the reviewer, where its JWT can be had.
#[derive(Debug)]
pub(super) struct Review {
    /// What the config holds.
    pub(super) reviewer: Reviewer,
    pub(super) is_client: bool,
    pub(super) source: Option<JwtSource>,
}

impl Review {
    /// The JWT that is asked with, and where it is; or why it cannot be checked from here.
    fn asks_with(&self) -> Result<(&Digest, &JwtSource), &'static str> {
        match (&self.reviewer, &self.source) {
            (Reviewer::Jwt(digest), Some(source)) => Ok((digest, source)),
            (Reviewer::Jwt(_), None) => Err("the graph file names no source of the reviewer's JWT"),
            (Reviewer::None, _) if self.is_client => {
                Err("each JWT that logs in reviews itself: the login of the role shows whether it may")
            }
            (Reviewer::None, _) => {
                Err("the token of Vault's own pod is not for anybody else: the login of the role shows whether it may")
            }
            (Reviewer::Unknown | Reviewer::NotYet, _) => {
                Err("whose JWT Vault holds is not known, and Vault does not give it back")
            }
        }
    }
}

#[async_trait]
impl Probe for Review {
    fn rights(&self) -> Vec<Right> {
        self.asks_with().map(|(_, source)| source.rights()).unwrap_or_default()
    }

    async fn run(&self, cx: &Context) -> Result<Evidence> {
        let evidence = Evidence::new();
        let (digest, source) = match self.asks_with() {
            Ok(found) => found,
            Err(why) => return Ok(evidence.unchecked(REVIEWS, why)),
        };
        let at = &source.at;
        match source.fetch(cx).await {
            Ok(Some(Jwt { token, seen })) if seen.digest == *digest => {
                let who = seen.claims.service_account.unwrap_or_else(|| format!("the owner of the JWT in {at}"));
                // The kubeconfig's server, and no other.
                cx.handle::<Cluster>().await?.is_reviewer(token, &who, [UNBOUND, UNKNOWN]).await
            }
            Ok(Some(jwt)) => {
                let why = format!("Vault has the JWT {digest}, and {at} holds {}", jwt.seen.digest);
                Ok(evidence.failed(REVIEWS, why, format!("trustpath apply {}", word(cx.step()))))
            }
            Ok(None) => Ok(evidence.failed(REVIEWS, format!("{at} does not exist"), "apply the step that makes it")),
            Err(failure) if is_told(failure.class()) => {
                let (why, next) = told(failure.report());
                Ok(evidence.failed(REVIEWS, why, next))
            }
            Err(failure) => Err(failure),
        }
    }
}
