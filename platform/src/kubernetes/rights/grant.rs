//! One right at an API server, as plain data.

use serde::{Deserialize, Serialize};

use crate::kubernetes::Access;

/// A verb on a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
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

impl Grant {
    /// As it is asked for.
    pub fn access(&self) -> Access<'_> {
        Access {
            verb: &self.verb,
            group: &self.group,
            resource: &self.resource,
            subresource: self.subresource.as_deref(),
            namespace: self.namespace.as_deref(),
            name: self.name.as_deref(),
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
