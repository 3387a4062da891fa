//! A user of the store.

use serde_json::json;

use crate::{crd::established, pair::Pair};

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
