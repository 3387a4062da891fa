//! Proving: it is there, it is as the graph file says, and tokens can be made for it.

use async_trait::async_trait;
use trustpath_core::{Context, Evidence, Probe, Proof, Read as _, Result, Right, Shown, graph::word};
use trustpath_platform::{Cluster, error::ErrorKind, kubernetes::AccountToken};

use crate::config::{ServiceAccount, State};

impl ServiceAccount {
    /// Without a state there is nothing to see, but what it takes to try it.
    pub(crate) fn prove(&self, step: &str, state: Option<&State>) -> Proof {
        let proof = Proof::seen(state.map(|state| self.evidence(step, state)).unwrap_or_default());
        let is_there = state.is_none_or(|state| state.account.is_some());
        if is_there { proof.and(TokenProbe(self.token())) } else { proof }
    }

    fn token(&self) -> AccountToken {
        AccountToken { of: self.address(), audiences: Vec::new() }
    }

    fn evidence(&self, step: &str, state: &State) -> Evidence {
        let exists = "ServiceAccount exists";
        let Some(account) = &state.account else {
            let why = format!("there is no ServiceAccount {}", self.address());
            return Evidence::new().failed(exists, why, format!("trustpath apply {}", word(step)));
        };
        let mut evidence = Evidence::new().passed(exists, self.address().to_string());
        if !self.labels.is_empty() || !self.annotations.is_empty() {
            evidence = evidence.and(account.compared("labels and annotations", &self.body(), step));
        }
        match state.namespace.as_ref().filter(|_| self.says_how_the_namespace_is()) {
            Some(home) => {
                let what = "labels and annotations of the namespace";
                evidence.and(home.compared(what, &self.namespace_body(), step))
            }
            None => evidence,
        }
    }
}

/// Tries whether tokens can be made for it. The token is thrown away: it dies by itself.
#[derive(Debug)]
struct TokenProbe(AccountToken);

#[async_trait]
impl Probe for TokenProbe {
    fn rights(&self) -> Vec<Right> {
        self.0.rights()
    }

    fn shown(&self) -> Vec<Shown> {
        vec![self.0.shown()]
    }

    async fn run(&self, cx: &Context) -> Result<Evidence> {
        let (what, account) = ("TokenRequest", &self.0.of);
        let cluster = cx.handle::<Cluster>().await?;
        Ok(match self.0.get(&cluster, cx).await {
            Ok(token) => Evidence::new().passed(what, format!("a token until {}, thrown away", token.expires)),
            Err(error) if matches!(error.kind(), ErrorKind::Denied) => {
                Evidence::new().unchecked(what, format!("your own user may not make tokens for it: {error}"))
            }
            Err(error) => {
                let next = format!("kubectl create token {} -n {}", account.name, account.namespace);
                Evidence::new().failed(what, error.to_string(), next)
            }
        })
    }
}
