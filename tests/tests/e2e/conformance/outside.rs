//! Both servers, seen from outside, by whoever has all rights, or those that were asked for.

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::Mutex;
use trustpath_conformance::{Limited, Servers};
use trustpath_core::{Handles, Result, Right};
use trustpath_platform::{Cluster, Connections, Environment, Vault};
use trustpath_tests::{holder::Holder, pair::Pair, view};

use super::{asked::Asked, world::Somebody};

/// Both servers, seen from outside.
pub(super) struct Outside {
    pub(super) pair: Arc<Pair>,
    /// With all rights.
    pub(super) all: Arc<Handles>,
    /// What others do with the object once it is there.
    pub(super) reaction: Option<Somebody>,
    /// Whoever has the rights that were asked for last.
    pub(super) holder: Arc<Mutex<Option<Holder>>>,
}

#[async_trait]
impl Servers for Outside {
    async fn snapshot(&self) -> Result<Value> {
        Ok(view::snapshot(&self.pair).await)
    }

    /// Whoever had other rights before has none any more: a Role would be something in the namespace of a step.
    async fn limited(&self, rights: &[Right]) -> Result<Option<Limited>> {
        leave(&self.pair, &self.holder).await;
        let asked = Asked::spelled_out(&self.all, rights).await?;
        let holder = Holder::of(&self.pair, &asked.policy(), &asked.roles()).await;
        let kubeconfig = self.pair.kubeconfig().with_file_name("kubeconfig-limited");
        std::fs::write(&kubeconfig, self.pair.kubeconfig_of(&holder.jwt)).expect("a file in the pair's directory");
        let handles = Arc::new(connections(&self.pair, &holder.token, &kubeconfig));
        self.pair.forget();
        let used = asked.used(self.pair.clone(), &holder).await;
        *self.holder.lock().await = Some(holder);
        Ok(Some(Limited { handles, used: Box::new(used) }))
    }

    async fn others_react(&self) -> Result<()> {
        if let Some(reaction) = self.reaction {
            reaction(self.pair.clone()).await;
        }
        Ok(())
    }

    async fn quiet(&self) -> Result<()> {
        self.pair.quiet().await;
        Ok(())
    }
}

/// Whoever had rights has none any more.
pub(super) async fn leave(pair: &Pair, holder: &Mutex<Option<Holder>>) {
    if let Some(holder) = holder.lock().await.take() {
        holder.leave(pair).await;
    }
}

/// An environment with these credentials; the servers are reached through their proxies.
pub(super) fn credentials(pair: &Pair, token: &SecretString, kubeconfig: &Path) -> Environment {
    let ca = pair.proxy_ca_file().display().to_string();
    let variables = [
        ("VAULT_ADDR", pair.vault_address()),
        ("VAULT_CACERT", ca),
        ("VAULT_TOKEN", token.expose_secret().to_owned()),
        ("KUBECONFIG", kubeconfig.display().to_string()),
    ];
    Environment::new(variables.map(|(name, value)| (name.to_owned(), value)), None)
}

/// Connections with these credentials.
pub(super) fn connections(pair: &Pair, token: &SecretString, kubeconfig: &Path) -> Handles {
    let vault = credentials(pair, token, kubeconfig);
    let cluster = vault.clone();
    Handles::new()
        .with(move || {
            let environment = vault.clone();
            async move { Vault::connect(&environment, &Connections::default()).await }
        })
        .with(move || {
            let environment = cluster.clone();
            async move { Cluster::connect(&environment, &Connections::default(), None).await }
        })
}
