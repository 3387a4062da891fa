//! Both servers, with what the standard graph expects of them.

use trustpath_provision::OpenBao;

use crate::{error::Error, openbao::prepare_kv, server::KubernetesApi};

/// The ClusterSecretStore CRD of this project's own: `v1`, served and stored.
pub const CLUSTER_SECRET_STORE_CRD: &str = include_str!("../../tests/servers/crds/clustersecretstore-v1.yaml");

/// A Kubernetes API in this process and an OpenBao beside it. Both are gone when it is dropped.
///
/// The API has the ClusterSecretStore CRD, and OpenBao a KV v2 mount `kv` that holds `apps/demo`.
pub struct Sandbox {
    kubernetes: KubernetesApi,
    openbao: OpenBao,
}

impl Sandbox {
    /// Starts and prepares both servers.
    ///
    /// # Errors
    /// When one of them does not start, or refuses what it should hold.
    pub async fn start() -> Result<Self, Error> {
        let kubernetes = KubernetesApi::start()?;
        kubernetes.apply(CLUSTER_SECRET_STORE_CRD)?;
        let openbao = OpenBao::start().await?;
        prepare_kv(openbao.address(), openbao.root_token()).await?;
        Ok(Self { kubernetes, openbao })
    }

    /// The Kubernetes API.
    pub fn kubernetes(&self) -> &KubernetesApi {
        &self.kubernetes
    }

    /// The OpenBao.
    pub fn openbao(&self) -> &OpenBao {
        &self.openbao
    }
}
