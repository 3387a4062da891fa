//! A Kubernetes API server: typed addresses, server-side apply, reviews, discovery.

mod access;
mod address;
mod answer;
mod call;
mod client;
mod configuration;
mod credentials;
mod discovery;
mod journals;
mod kubeconfig;
mod lease;
mod live;
mod marked;
pub mod names;
mod objects;
mod open;
pub mod owned;
mod plugin;
mod pods;
mod request;
pub mod rights;
mod service_name;
mod settings;

pub use access::{AccountToken, BearerToken};
pub use address::{Address, ObjectRef, ServedType};
pub use call::FIELD_MANAGER;
pub use discovery::NamespacedTypes;
pub use journals::JournalSecret;
pub use lease::LeaseRecord;
pub use live::{ClusterUid, DataKeys, Live};
pub use marked::MarkedObjects;
pub use objects::{ApplyOptions, Selectors};
pub use open::ApiServer;
pub use pods::{RunningPods, that_need_it};
pub use service_name::ServiceName;
pub use settings::KubernetesSettings;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use k8s_openapi::api::core::v1::Namespace;
use kube::discovery::ApiResource;
use tokio::sync::OnceCell;
use trustpath_core::{Class, Connection, Handle, Identity, MissingRights, Problem, Result, Right};

use crate::{Heard, hide::Secrets, lock::Fence, mark, opening::Opening, retry::Limits};

/// A connection to a Kubernetes API server. Cheap to clone.
///
/// Every request goes through one place: it is bounded in time, repeated as [`crate::retry`] allows (kube's own retry is
/// off), and fails with an [`crate::Error`] that names it, where the server cannot be reached or says no.
#[derive(Clone)]
pub struct Cluster {
    client: kube::Client,
    credentials: credentials::Credentials,
    opening: Arc<Opening>,
    limits: Limits,
    server: Arc<ApiServerConnection>,
}

/// What is the same for every credential.
struct ApiServerConnection {
    configuration: kube::Config,
    /// The connection itself says who asks, and would do so for every token that is sent over it: by a client certificate, also
    /// one that a plugin made, or by headers of all its requests.
    is_by_connection: bool,
    warnings: Vec<String>,
    fence: Fence,
    heard: Heard,
    /// What the kubeconfig says of credentials; what a plugin makes is looked for by its shape.
    held: Secrets,
    uid: OnceCell<String>,
    served: Mutex<BTreeMap<(String, String), ApiResource>>,
}

impl Cluster {
    /// What the uid is called in its identity.
    pub const UID: &'static str = "kube-system";

    /// The same connection, whose requests are given up after this time, all attempts together: for those who look again
    /// by themselves. Never longer than the connection's own limit.
    #[must_use]
    pub fn with_patience(&self, total: Duration) -> Self {
        let total = total.min(self.limits.total);
        Self { limits: Limits { total, ..self.limits.clone() }, ..self.clone() }
    }

    /// The uid of the `kube-system` namespace, which tells one cluster from another. Read once.
    ///
    /// # Errors
    /// When it cannot be read, or is no word that a mark could hold.
    pub async fn uid(&self) -> Result<&str> {
        let uid = self.server.uid.get_or_try_init(|| async {
            let system = self.get::<Namespace>(&Address::cluster::<Namespace>("kube-system")).await?;
            let uid = system.and_then(|system| system.metadata.uid).filter(|uid| mark::is_word(uid));
            Ok::<_, trustpath_core::Failure>(uid.ok_or_else(no_system)?)
        });
        Ok(uid.await?)
    }
}

/// What serves one cluster cannot be marked with a cluster that is not known.
pub fn uid_not_stated(what: &str) -> Problem {
    let message = format!("{what} is marked with the cluster that it serves, and that is not looked at");
    Problem::new(Class::Config, "trustpath::kubernetes::uid_not_stated", message).help(
        "name it in the graph file, with `uid` under [connections.kubernetes]: \
         kubectl get namespace kube-system -o jsonpath={.metadata.uid}",
    )
}

fn no_system() -> Problem {
    let message = "the cluster has no namespace `kube-system`, whose uid tells it from others";
    Problem::new(Class::Missing, "trustpath::kubernetes::identity", message)
        .help("see whether the kubeconfig's context leads to a Kubernetes cluster")
}

impl Handle for Cluster {
    const NAME: &'static str = "kubernetes";
}

#[async_trait]
impl Connection for Cluster {
    async fn identity(&self) -> Result<Identity> {
        Ok(Identity::from([(Self::UID.to_owned(), self.uid().await?.to_owned())]))
    }

    async fn missing_rights(&self, rights: &[Right]) -> Result<MissingRights> {
        Ok(self.lacks(rights).await?)
    }

    async fn expand(&self, rights: Vec<Right>) -> Result<Vec<Vec<Right>>> {
        Ok(self.spell_out(&rights).await?)
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("url", &self.server.configuration.cluster_url).finish_non_exhaustive()
    }
}
