//! One right at an API server, as plain data.

use std::fmt;

use k8s_openapi::api::authorization::v1::ResourceAttributes;
use serde::{Deserialize, Serialize};
use trustpath_core::{Handle as _, Right};

use crate::{kubernetes::Cluster, text::clean};

/// A verb on a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KubernetesGrant {
    /// `get`, `create`, …
    pub verb: String,
    /// The API group; empty for the core group.
    pub group: String,
    /// The resource's plural name; `*` with the group `*` for every type that lives in namespaces.
    pub resource: String,
    /// The subresource, such as `token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subresource: Option<String>,
    /// The namespace; `None` for the whole cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The object's name; `None` for all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Not needed where the cluster does not serve the resource.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub if_served: bool,
    /// Its namespace is not there, so that a Role cannot give it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cluster_wide: bool,
}

impl KubernetesGrant {
    /// On those in one namespace.
    #[must_use]
    pub fn within(&self, namespace: &str) -> Self {
        Self { namespace: Some(namespace.to_owned()), ..self.clone() }
    }

    /// On the one with this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..self.clone() }
    }

    /// On what lies below it, such as `token`.
    #[must_use]
    pub fn below(&self, subresource: &str) -> Self {
        Self { subresource: Some(subresource.to_owned()), ..self.clone() }
    }

    /// On nothing, where the cluster has no such resource.
    #[must_use]
    pub fn if_served(&self) -> Self {
        Self { if_served: true, ..self.clone() }
    }

    /// These verbs.
    pub fn may(&self, verbs: &[&str]) -> Vec<Right> {
        verbs.iter().map(|verb| self.verb(verb).right()).collect()
    }

    /// The right as it is handed around.
    pub fn right(&self) -> Right {
        let grant = serde_json::to_value(self).unwrap_or_default();
        Right { system: Cluster::NAME, what: self.what(), grant }
    }

    fn what(&self) -> String {
        let name = self.name.as_ref().map(|name| format!(" `{}`", clean(name))).unwrap_or_default();
        let within = self.namespace.as_ref().map(|namespace| format!(" in `{}`", clean(namespace)));
        let within = within.unwrap_or_default();
        if self.is_everything() {
            return format!("`{}` on everything{within}", self.verb);
        }
        format!("`{}` on {}{name}{within}", self.verb, self.full_resource())
    }

    /// With this verb.
    pub(crate) fn verb(&self, verb: &str) -> Self {
        Self { verb: verb.to_owned(), ..self.clone() }
    }

    /// The resource with its subresource and group: `serviceaccounts/token`, `tokenreviews.authentication.k8s.io`.
    fn full_resource(&self) -> String {
        let subresource = self.subresource.as_ref().map(|subresource| format!("/{subresource}")).unwrap_or_default();
        let group = if self.group.is_empty() { String::new() } else { format!(".{}", self.group) };
        format!("{}{subresource}{group}", self.resource)
    }

    /// As it is asked for.
    pub(crate) fn attributes(&self) -> ResourceAttributes {
        ResourceAttributes {
            verb: Some(self.verb.clone()),
            group: Some(self.group.clone()),
            resource: Some(self.resource.clone()),
            subresource: self.subresource.clone(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            ..ResourceAttributes::default()
        }
    }

    /// Whether it stands for every type that lives in namespaces.
    pub(crate) fn is_everything(&self) -> bool {
        self.resource == "*"
    }

    /// Whether it makes or removes a namespace.
    pub(super) fn moves_namespace(&self) -> bool {
        let moves = matches!(self.verb.as_str(), "create" | "delete");
        moves && (self.group.as_str(), self.resource.as_str()) == ("", "namespaces")
    }
}

impl fmt::Display for KubernetesGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.full_resource())
    }
}
