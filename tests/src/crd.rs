//! The ClusterSecretStore CRDs that the cases run against.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::rest::Rest;

const PATH: &str = "apis/apiextensions.k8s.io/v1/customresourcedefinitions/clustersecretstores.external-secrets.io";
const STORES: &str = "apis/external-secrets.io";

/// A CRD, and the version that it serves.
#[derive(Debug, Clone)]
pub struct Crd {
    /// Where it comes from.
    pub name: String,
    /// The version that it serves.
    pub serves: &'static str,
    manifest: String,
}

impl Crd {
    /// The project's own, which serves `v1`.
    pub fn own_v1() -> Self {
        let manifest = include_str!("../servers/crds/clustersecretstore-v1.yaml").to_owned();
        Self { name: "own v1".into(), serves: "v1", manifest }
    }

    /// The project's own, which serves `v1beta1`.
    pub fn own_v1beta1() -> Self {
        let manifest = include_str!("../servers/crds/clustersecretstore-v1beta1.yaml").to_owned();
        Self { name: "own v1beta1".into(), serves: "v1beta1", manifest }
    }

    /// The operator's own, where they lie beside the project.
    pub fn operators() -> Vec<Self> {
        [("v2.9", "v1"), ("v0.15", "v1beta1")]
            .iter()
            .filter_map(|(release, serves)| operator(release, serves))
            .collect()
    }

    /// Puts it in the place of the one that is there.
    pub async fn install(&self, api: &Rest) {
        Self::remove(api).await;
        api.apply(PATH, "tests", self.manifest.clone()).await;
        api.wait(PATH, |crd| crd.is_some_and(established)).await;
        let serves = format!("external-secrets.io/{}", self.serves);
        api.wait(STORES, |group| group.is_some_and(|group| group["preferredVersion"]["groupVersion"] == serves)).await;
        api.wait(&format!("{STORES}/{}/clustersecretstores", self.serves), |stores| stores.is_some()).await;
    }

    /// Takes the CRD away.
    pub async fn remove(api: &Rest) {
        api.delete(PATH).await;
        api.wait(PATH, |crd| crd.is_none()).await;
        api.wait(STORES, |group| group.is_none()).await;
    }
}

/// Whether the server has taken a CRD in.
pub(crate) fn established(crd: &Value) -> bool {
    let conditions = crd["status"]["conditions"].as_array();
    conditions.into_iter().flatten().any(|one| one["type"] == "Established" && one["status"] == "True")
}

fn operator(release: &str, serves: &'static str) -> Option<Crd> {
    let path = data().join(release).join("external-secrets.io_clustersecretstores.yaml");
    let manifest = std::fs::read_to_string(path).ok()?;
    Some(Crd { name: format!("operator {release}"), serves, manifest })
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/eso")
}
