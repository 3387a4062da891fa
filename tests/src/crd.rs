//! The ClusterSecretStore CRDs that the cases run against.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::{pair::Pair, rest::Rest};

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

fn established(crd: &Value) -> bool {
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

/// An ExternalSecret that uses the standard store, and its CRD.
pub struct ExternalSecret;

impl ExternalSecret {
    const CRD: &str = "apis/apiextensions.k8s.io/v1/customresourcedefinitions/externalsecrets.external-secrets.io";
    const OBJECT: &str = "apis/external-secrets.io/v1/namespaces/vault/externalsecrets/app";

    /// Installs the CRD, with the fields that this project looks at, and puts one into the namespace `vault`.
    pub async fn on_the_store(pair: &Pair) -> Self {
        let schema = json!({"type": "object", "properties": {
            "spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
        }});
        let manifest = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "externalsecrets.external-secrets.io"},
            "spec": {
                "group": "external-secrets.io", "scope": "Namespaced",
                "names": {"kind": "ExternalSecret", "listKind": "ExternalSecretList", "plural": "externalsecrets", "singular": "externalsecret"},
                "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}],
            },
        });
        let api = &pair.kubernetes;
        api.apply(Self::CRD, "tests", manifest.to_string()).await;
        api.wait(Self::CRD, |crd| crd.is_some_and(established)).await;
        api.wait("apis/external-secrets.io/v1/namespaces/vault/externalsecrets", |list| list.is_some()).await;
        let object = json!({
            "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": "app"},
            "spec": {"secretStoreRef": {"kind": "ClusterSecretStore", "name": "vault-backend"}},
        });
        api.apply(Self::OBJECT, "tests", object.to_string()).await;
        Self
    }

    /// Takes both away.
    pub async fn go(self, pair: &Pair) {
        let api = &pair.kubernetes;
        api.delete(Self::OBJECT).await;
        api.delete(Self::CRD).await;
        api.wait(Self::CRD, |crd| crd.is_none()).await;
        api.wait("apis/external-secrets.io/v1/namespaces/vault/externalsecrets", |list| list.is_none()).await;
    }
}
