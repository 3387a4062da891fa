//! A kind on real servers: cleaned and prepared.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use futures::future::BoxFuture;
use tokio::sync::Mutex;
use trustpath_conformance::{Beginning, Case, World};
use trustpath_core::{
    Goal, Handles, Kind, Result,
    contract::StepConsent,
    file::{Source, load},
    graph::{Graph, StepIndex},
};
use trustpath_platform::{Connections, VaultServer};
use trustpath_tests::{holder::Holder, others, pair::Pair, program::standard_file};

use super::{
    file::CaseFile,
    outside::{Outside, connections, credentials, leave},
};

/// What another client put there before: called after cleaning, for [`Beginning::Other`].
pub(super) type Somebody = fn(Arc<Pair>) -> BoxFuture<'static, ()>;

/// The namespace that the steps under test make, or use.
const NAMESPACE: &str = "external-secrets";

/// One kind, as a step of the standard graph.
pub(super) struct KindCase {
    pub(super) pair: Arc<Pair>,
    pub(super) step: String,
    /// What the standard file lacks on these servers.
    pub(super) servers: String,
    /// What it lacks for this kind.
    pub(super) overlay: String,
    pub(super) somebody: Somebody,
    /// What the kind's crate says of it.
    pub(super) file: CaseFile,
    /// What the case had made beside the graph, and has to be removed at its end.
    pub(super) beside: Vec<(&'static str, &'static str)>,
    pub(super) secrets: Vec<String>,
    /// A step that the one under test does not need, and that is applied before it: there is more to look at then.
    pub(super) after: Option<&'static str>,
    /// What others do with the object once it is there.
    pub(super) reaction: Option<Somebody>,
    /// Whoever has the rights that were asked for last.
    pub(super) holder: Arc<Mutex<Option<Holder>>>,
}

impl KindCase {
    /// A real cluster takes seconds to remove a namespace: there, it is made once for all laws of a kind, and
    /// only the sandbox sees them made and removed by the step.
    pub(super) async fn begin(&self) {
        if self.pair.which.real_kubernetes {
            self.pair.make_namespace(NAMESPACE).await;
        }
        others::come(&self.pair).await;
    }

    /// Everything that the case had made is gone.
    pub(super) async fn finish(&self) {
        self.clean().await;
        others::go(&self.pair).await;
        self.pair.remove_namespace(NAMESPACE).await;
        for (name, namespace) in &self.beside {
            self.pair.remove_reviewer(name, namespace).await;
        }
    }

    /// Nothing of the graph is left.
    async fn clean(&self) {
        leave(&self.pair, &self.holder).await;
        self.file.clean(&self.pair).await;
        for path in ["sys/policies/acl/apps-read", "sys/auth/kubernetes", "sys/auth/approle", "sys/auth/jwt"] {
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
        let texts = [("standard", standard), ("pair", self.servers.clone()), ("case", self.overlay.clone())];
        let sources = texts.map(|(name, text)| Source::new(name, text)).into();
        let environment = credentials(&self.pair, self.pair.root_token(), &self.pair.kubeconfig());
        let loaded =
            load(sources, &Kind::registered(), Connections::PLACEHOLDERS, |connections: &Connections, facts| {
                let server = VaultServer::new(&environment, connections).expect("one namespace");
                facts.add("connections", server);
            });
        match loaded {
            Ok(loaded) => loaded.graph,
            Err(mistakes) => panic!("{:?}", miette::Report::new(mistakes)),
        }
    }

    /// Everything that the step under test needs is there, and what comes before it besides.
    async fn prepare(&self, graph: &Graph, handles: &Arc<Handles>, step: StepIndex) -> Result<()> {
        let after = self.after.and_then(|name| graph.place(name)).into_iter();
        let after = after.flat_map(|place| graph.ancestors(place).chain([place]));
        let needed: BTreeSet<_> = graph.ancestors(step).chain(after).collect();
        for place in needed {
            let (node, context) = (graph.node(place), graph.context(place, handles, StepConsent::default()));
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
        let handles = Arc::new(connections(&self.pair, self.pair.root_token(), &self.pair.kubeconfig()));
        let place = graph.place(&self.step).expect("the step is in the graph");
        self.prepare(&graph, &handles, place).await?;
        if beginning == Beginning::Other {
            (self.somebody)(self.pair.clone()).await;
            self.file.put(&self.pair).await;
        }
        let (pair, all, holder) = (self.pair.clone(), handles.clone(), self.holder.clone());
        let servers = Arc::new(Outside { pair, all, reaction: self.reaction, holder });
        Ok(World { graph, step: self.step.clone(), handles, servers })
    }

    fn secrets(&self) -> Vec<String> {
        self.secrets.clone()
    }
}
