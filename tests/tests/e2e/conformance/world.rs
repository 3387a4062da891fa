//! A kind on real servers: cleaned, prepared, and looked at from outside.

use std::sync::Arc;

use async_trait::async_trait;
use futures::future::BoxFuture;
use secrecy::ExposeSecret;
use serde_json::Value;
use trustpath_core::{
    Goal, Handles, Kind, Result,
    conformance::{Beginning, Case, Servers, World},
    contract::Consent,
    file::{Source, load},
    graph::{Graph, Place},
};
use trustpath_platform::{Cluster, Connections, Environment, Vault, VaultServer};
use trustpath_tests::{pair::Pair, program::standard_file, view};

/// What somebody else put there before: called after cleaning, for [`Beginning::Other`].
pub(super) type Somebody = fn(Arc<Pair>) -> BoxFuture<'static, ()>;

/// The namespace that the steps under test make, or use.
const NAMESPACE: &str = "external-secrets";

/// One kind, as a step of the standard graph.
pub(super) struct KindCase {
    pub(super) pair: Arc<Pair>,
    pub(super) step: &'static str,
    /// What the standard file lacks for this kind.
    pub(super) overlay: String,
    pub(super) somebody: Somebody,
    /// What the case had made beside the graph, and has to be removed at its end.
    pub(super) beside: Vec<(&'static str, &'static str)>,
    pub(super) secrets: Vec<String>,
}

impl KindCase {
    /// A real cluster takes seconds to remove a namespace: there, it is made once for all laws of a kind, and
    /// only the sandbox sees them made and removed by the step.
    pub(super) async fn begin(&self) {
        if self.pair.which.real_kubernetes {
            self.pair.make_namespace(NAMESPACE).await;
        }
    }

    /// Everything that the case had made is gone.
    pub(super) async fn finish(&self) {
        self.clean().await;
        self.pair.remove_namespace(NAMESPACE).await;
        for (name, namespace) in &self.beside {
            self.pair.remove_reviewer(name, namespace).await;
        }
    }

    /// Nothing of the graph is left.
    async fn clean(&self) {
        for path in ["sys/policies/acl/apps-read", "sys/auth/kubernetes"] {
            self.pair.vault.delete(path).await;
        }
        let cluster = &self.pair.kubernetes;
        cluster.delete("apis/external-secrets.io/v1/clustersecretstores/vault-backend").await;
        cluster.delete("apis/rbac.authorization.k8s.io/v1/clusterrolebindings/reviewer").await;
        if self.pair.which.real_kubernetes {
            let inside = format!("api/v1/namespaces/{NAMESPACE}");
            for object in ["serviceaccounts/external-secrets", "serviceaccounts/reviewer", "secrets/reviewer-token"] {
                cluster.delete(&format!("{inside}/{object}")).await;
            }
            cluster.wait(&format!("{inside}/secrets/reviewer-token"), |found| found.is_none()).await;
        } else {
            self.pair.remove_namespace(NAMESPACE).await;
        }
    }

    fn graph(&self) -> Graph {
        let standard = std::fs::read_to_string(standard_file()).expect("the standard file");
        let texts = [("standard", standard), ("pair", self.pair.overlay()), ("case", self.overlay.clone())];
        let sources = texts.map(|(name, text)| Source::new(name, text)).into();
        let environment = self.environment();
        let loaded = load::<Connections>(sources, &Kind::registered(), |connections, facts| {
            let server = VaultServer::new(&environment, connections).expect("one namespace");
            facts.add("connections", server);
        });
        match loaded {
            Ok(loaded) => loaded.graph,
            Err(mistakes) => panic!("{:?}", miette::Report::new(mistakes)),
        }
    }

    fn environment(&self) -> Environment {
        let token = self.pair.root_token().expose_secret().to_owned();
        let kubeconfig = self.pair.kubeconfig().display().to_string();
        let ca = self.pair.proxy_ca_file().display().to_string();
        let vault = [("VAULT_ADDR", self.pair.vault_address()), ("VAULT_CACERT", ca), ("VAULT_TOKEN", token)];
        let variables = vault.into_iter().chain([("KUBECONFIG", kubeconfig)]);
        Environment::new(variables.map(|(name, value)| (name.to_owned(), value)), None)
    }

    fn handles(&self) -> Handles {
        let (vault, cluster) = (self.environment(), self.environment());
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

    /// Everything that the step under test needs is there.
    async fn prepare(&self, graph: &Graph, handles: &Arc<Handles>, step: Place) -> Result<()> {
        let mut needed: Vec<_> = graph.before(step).collect();
        needed.sort();
        for place in needed {
            let (node, context) = (graph.node(place), graph.context(place, handles, Consent::default()));
            let change = node.step.plan(&context, &Goal::Present).await?.change;
            for part in node.step.parts(&context, &change)? {
                node.step.apply(&context, &part).await?;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Case for KindCase {
    async fn world(&self, beginning: Beginning) -> Result<World> {
        self.clean().await;
        let graph = Arc::new(self.graph());
        let handles = Arc::new(self.handles());
        let place = graph.place(self.step).expect("the step is in the graph");
        self.prepare(&graph, &handles, place).await?;
        if beginning == Beginning::Other {
            (self.somebody)(self.pair.clone()).await;
        }
        let servers = Arc::new(Outside(self.pair.clone()));
        Ok(World { graph, step: self.step.into(), handles, servers })
    }

    fn secrets(&self) -> Vec<String> {
        self.secrets.clone()
    }
}

/// Both servers, seen from outside.
struct Outside(Arc<Pair>);

#[async_trait]
impl Servers for Outside {
    async fn snapshot(&self) -> Result<Value> {
        Ok(view::snapshot(&self.0).await)
    }

    async fn quiet(&self) -> Result<()> {
        self.0.quiet().await;
        Ok(())
    }
}
