//! Which types the server serves, with as few requests as the question needs.

use std::{
    collections::BTreeMap,
    sync::{MutexGuard, PoisonError},
};

use futures::future::join_all;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{APIGroup, APIGroupList, APIResource, APIResourceList};
use kube::{
    core::{GroupVersion, GroupVersionKind},
    discovery::ApiResource,
};

use super::{Cluster, ServedType, call::KubernetesCall};
use crate::error::{Error, ErrorKind};

/// More versions of groups than any cluster serves: each is asked for its types, all at the same time.
const GROUPS: usize = 1000;

/// What lives in namespaces.
#[derive(Debug, Default)]
pub struct NamespacedTypes {
    /// The types whose objects a namespace holds, each once.
    pub types: Vec<ApiResource>,
    /// The versions of groups (`metrics.k8s.io/v1beta1`) whose types are not known, and why: the server behind them is down,
    /// or does not answer.
    pub unknown: Vec<(String, Error)>,
}

impl Cluster {
    /// The type in the first of its versions that is served; `None` when none is. One request a version, until one
    /// is found; what was found is remembered, what was not found may be installed any time.
    pub async fn served(&self, of: &ServedType) -> Result<Option<ApiResource>, Error> {
        let ServedType { group, kind, versions, .. } = *of;
        let key = (group.to_owned(), kind.to_owned());
        if let Some(known) = self.known().get(&key).filter(|known| versions.contains(&known.version.as_str())) {
            return Ok(Some(known.clone()));
        }
        for version in versions {
            let served = self.resources(&GroupVersion::gv(group, version).api_version()).await?;
            if let Some(resource) = served.iter().find(|served| served.kind == kind && !served.name.contains('/')) {
                let found = api_resource(group, version, resource);
                self.known().insert(key, found.clone());
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<(String, String), ApiResource>> {
        self.server.served.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every type that lives in namespaces and that can be listed and deleted, in the group's preferred version where that
    /// has it, but for events: they are about other objects, and no one's property. What cannot be deleted, such as a view
    /// that an aggregated API makes of objects elsewhere, is no content of a namespace. One request a version of a group.
    ///
    /// # Errors
    /// When the server cannot be reached or denies the list of groups. A group whose own server is down is no error.
    pub async fn namespaced_types(&self) -> Result<NamespacedTypes, Error> {
        let versions = std::iter::once(String::from("v1")).chain(self.group_versions().await?);
        let answers = join_all(versions.map(|version| async move { (self.served_in(&version).await, version) })).await;
        let mut found = NamespacedTypes::default();
        for (served, version) in answers {
            match served {
                Ok(served) => found.add(&version, &served),
                Err(error) if error.is_of_every_request() => return Err(error),
                Err(error) => found.unknown.push((version, error)),
            }
        }
        Ok(found)
    }

    /// Every version of every group, the preferred one first within each.
    async fn group_versions(&self) -> Result<Vec<String>, Error> {
        let call = KubernetesCall::get("/apis")?;
        let groups: APIGroupList = self.ask(&call).await?;
        let count: usize = groups.groups.iter().map(|group| group.versions.len().max(1)).sum();
        if count > GROUPS {
            return Err(call
                .error(ErrorKind::Malformed, "Kubernetes names more groups of types than any cluster has")
                .help("see whether the kubeconfig's server is a Kubernetes API server, and not something before it"));
        }
        let versions = |group: APIGroup| {
            let preferred = group.preferred_version.map(|version| version.group_version);
            let others = group.versions.into_iter().map(|version| version.group_version);
            let others: Vec<_> = others.filter(|version| Some(version) != preferred.as_ref()).collect();
            preferred.into_iter().chain(others)
        };
        Ok(groups.groups.into_iter().flat_map(versions).collect())
    }

    /// The types of a version that the server says it has: that it knows nothing of it is an error here.
    async fn served_in(&self, group_version: &str) -> Result<Vec<APIResource>, Error> {
        Ok(self.ask::<APIResourceList>(&KubernetesCall::get(&path(group_version))?).await?.resources)
    }

    /// The types of one version of a group; none where it is not served.
    pub(super) async fn resources(&self, group_version: &str) -> Result<Vec<APIResource>, Error> {
        let list: Option<APIResourceList> = self.found(&KubernetesCall::get(&path(group_version))?).await?;
        Ok(list.map(|list| list.resources).unwrap_or_default())
    }
}

impl NamespacedTypes {
    fn add(&mut self, group_version: &str, served: &[APIResource]) {
        let (group, version) = group_version.split_once('/').unwrap_or(("", group_version));
        for resource in served.iter().filter(|served| is_content(served)) {
            let is_known = |known: &ApiResource| known.group == group && known.plural == resource.name;
            if !self.types.iter().any(is_known) {
                self.types.push(api_resource(group, version, resource));
            }
        }
    }
}

/// Whether objects of a type are what a namespace holds, and go with it.
fn is_content(resource: &APIResource) -> bool {
    let has = |verbs: &[&str]| resource.verbs.iter().any(|verb| verbs.contains(&verb.as_str()));
    let is_object = resource.namespaced && !resource.name.contains('/') && resource.kind != "Event";
    is_object && has(&["list"]) && has(&["delete", "deletecollection"])
}

fn path(group_version: &str) -> String {
    let root = if group_version.contains('/') { "apis" } else { "api" };
    format!("/{root}/{group_version}")
}

fn api_resource(group: &str, version: &str, resource: &APIResource) -> ApiResource {
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, &resource.kind), &resource.name)
}
