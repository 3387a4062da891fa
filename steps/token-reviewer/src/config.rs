//! What the graph file says about a reviewer, and the three objects that follow from it.

use std::collections::BTreeMap;

use k8s_openapi::api::{
    core::v1::{Secret, ServiceAccount},
    rbac::v1::ClusterRoleBinding,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trustpath_core::{Class, Problem};
use trustpath_platform::{
    ServiceAccountRef,
    kubernetes::{
        ObjectRef,
        names::{AnnotationKey, Key, LabelValue, NamespaceName, ObjectName},
        owned::{Fields, Owned, OwnedObject, OwnedObjects, OwnedParts, labelled},
    },
};

/// The ClusterRole that lets Vault ask whether a token is genuine (Kubernetes, default roles).
pub(crate) const ROLE: &str = "system:auth-delegator";

/// The identity with which a Vault outside of the cluster asks the API server whether a token is genuine.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenReviewer {
    /// Its namespace, which has to exist. By default that of the ServiceAccount step that this one needs.
    pub(crate) namespace: Option<NamespaceName>,
    /// The name of the ServiceAccount.
    pub(crate) name: ObjectName,
    /// The name of the Secret with its token. By default NAME-token.
    pub(crate) secret: Option<ObjectName>,
    /// The name of the ClusterRoleBinding. By default the name of the ServiceAccount.
    pub(crate) cluster_role_binding: Option<ObjectName>,
    /// Labels of all three. Others that they have are left alone.
    #[serde(default)]
    pub(crate) labels: BTreeMap<Key, LabelValue>,
    /// Annotations of all three. Others that they have are left alone.
    #[serde(default)]
    pub(crate) annotations: BTreeMap<AnnotationKey, String>,
}

/// The names of the three objects, all defaults resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) account: ServiceAccountRef,
    pub(crate) secret: String,
    pub(crate) binding: String,
    pub(crate) labels: BTreeMap<Key, LabelValue>,
    pub(crate) annotations: BTreeMap<AnnotationKey, String>,
}

impl TokenReviewer {
    /// The names, given the ServiceAccount step that this one needs.
    pub(crate) fn names(&self, operator: Option<&ServiceAccountRef>) -> Option<Names> {
        let own = self.namespace.as_ref().map(ToString::to_string);
        let namespace = own.or_else(|| operator.map(|operator| operator.namespace.clone()))?;
        let name = self.name.to_string();
        Some(Names {
            secret: self.secret.as_ref().map_or_else(|| format!("{name}-token"), ToString::to_string),
            binding: self.cluster_role_binding.as_ref().map_or_else(|| name.clone(), ToString::to_string),
            account: ServiceAccountRef { namespace, name },
            labels: self.labels.clone(),
            annotations: self.annotations.clone(),
        })
    }
}

pub(crate) fn no_namespace() -> Problem {
    Problem::new(Class::Config, "trustpath::token_reviewer::no_namespace", "the reviewer has no namespace")
        .help("set `namespace`, or let the step need the one that makes the operator's ServiceAccount")
}

impl Names {
    /// The three objects: the right to review comes last, and goes first.
    pub(crate) fn objects(&self) -> OwnedObjects<3> {
        let ServiceAccountRef { namespace, name } = &self.account;
        let account = ObjectRef::namespaced::<ServiceAccount>(namespace, name);
        let secret = ObjectRef::namespaced::<Secret>(namespace, &self.secret);
        let binding = ObjectRef::cluster::<ClusterRoleBinding>(&self.binding);
        OwnedObjects([
            OwnedObject { name: "ServiceAccount", at: account, body: self.account_body() },
            OwnedObject { name: "Secret", at: secret, body: self.secret_body() },
            OwnedObject { name: "ClusterRoleBinding", at: binding, body: self.binding_body() },
        ])
    }

    pub(crate) fn account_body(&self) -> Fields {
        self.fields(json!({"metadata": {"name": self.account.name, "namespace": self.account.namespace}}))
    }

    pub(crate) fn secret_body(&self) -> Fields {
        let annotations = json!({"kubernetes.io/service-account.name": self.account.name});
        let namespace = &self.account.namespace;
        self.fields(json!({
            "metadata": {"name": self.secret, "namespace": namespace, "annotations": annotations},
            "type": "kubernetes.io/service-account-token",
        }))
    }

    pub(crate) fn binding_body(&self) -> Fields {
        let ServiceAccountRef { namespace, name } = &self.account;
        self.fields(json!({
            "metadata": {"name": self.binding},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": ROLE},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": namespace}],
        }))
    }

    fn fields(&self, object: Value) -> Fields {
        labelled(object, &self.labels, &self.annotations)
    }
}

/// The three objects, each as far as our field manager or our wishes go.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// The ServiceAccount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<Owned>,
    /// The Secret, without the token that the cluster puts into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) secret: Option<Owned>,
    /// The ClusterRoleBinding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) binding: Option<Owned>,
}

impl OwnedParts<3> for State {
    fn split(self) -> [Option<Owned>; 3] {
        [self.account, self.secret, self.binding]
    }

    fn join(parts: [Option<Owned>; 3]) -> Option<Self> {
        let is_there = parts.iter().any(Option::is_some);
        let [account, secret, binding] = parts;
        is_there.then_some(Self { account, secret, binding })
    }
}
