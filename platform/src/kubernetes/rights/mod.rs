//! Rights at a Kubernetes API server: a verb on a resource.
//!
//! Steps say what they need with [`on`]; [`Role`] is what the cluster's roles have to give, so that they have it. What
//! the connection's own user lacks is asked for by `Cluster::lacking`.

mod grant;
mod lacking;
mod role;

use trustpath_core::{Handle as _, Right};

pub use grant::Grant;
pub use role::Role;

use super::{Cluster, owned::Owned};
use crate::text::clean;

/// Every object of a resource, by its plural, in the whole cluster.
pub fn on(group: &str, resource: &str) -> Grant {
    Grant { group: group.to_owned(), resource: resource.to_owned(), ..Grant::default() }
}

/// Reading what tells this cluster from another, as [`Cluster::uid`] does.
pub fn to_read_uid() -> Vec<Right> {
    on("", "namespaces").named("kube-system").may(&["get"])
}

/// Looking at everything that a namespace holds.
pub fn list_everything_in(namespace: &str) -> Right {
    on("*", "*").within(namespace).verb("list").right()
}

impl Grant {
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

    /// What it needs to go from one waypoint to the next. An apply that makes an object needs
    /// `create` on its very name.
    pub fn may_write(&self, now: Option<&Owned>, to: Option<&Owned>) -> Vec<Right> {
        self.may(match (now, to) {
            (None, None) => &[],
            (None, Some(_)) => &["get", "patch", "create"],
            (Some(_), None) => &["get", "delete"],
            (Some(now), Some(to)) if now == to => &[],
            (Some(_), Some(_)) => &["get", "patch"],
        })
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
}
