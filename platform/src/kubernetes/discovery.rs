//! Which types the server serves, with as few requests as the question needs.

use std::{
    collections::BTreeMap,
    sync::{MutexGuard, PoisonError},
};

use futures::future::try_join_all;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{APIGroupList, APIResource, APIResourceList};
use kube::discovery::ApiResource;

use super::{Cluster, request::Call};
use crate::error::{Error, Kind};

/// More groups than any cluster serves: each is asked for its types, all at the same time.
const GROUPS: usize = 1000;

impl Cluster {
    /// The first of the versions of a group that serves a kind; `None` when none does. One request a version, until one
    /// is found; what was found is remembered, what was not found may be installed any time.
    ///
    /// # Errors
    /// When the server cannot be reached or denies it.
    pub async fn served(&self, group: &str, kind: &str, versions: &[&str]) -> Result<Option<ApiResource>, Error> {
        let key = (group.to_owned(), kind.to_owned());
        if let Some(known) = self.known().get(&key).filter(|known| versions.contains(&known.version.as_str())) {
            return Ok(Some(known.clone()));
        }
        for version in versions {
            let served = self.resources(&group_version(group, version)).await?;
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

    /// Every type that lives in namespaces and can be listed, each in its group's preferred version, but for events: they
    /// are about other objects, and nobody's property. One request a group.
    ///
    /// # Errors
    /// When the server cannot be reached or denies it; also when one group's server is down, since then nobody can tell
    /// what a namespace holds.
    pub async fn namespaced_types(&self) -> Result<Vec<ApiResource>, Error> {
        let call = Call::get("/apis")?;
        let groups: APIGroupList = self.call(&call).await?.parse(&call)?;
        if groups.groups.len() > GROUPS {
            return Err(call
                .error(Kind::Malformed, "Kubernetes names more groups of types than any cluster has")
                .help("see whether the kubeconfig's server is a Kubernetes API server, and not something before it"));
        }
        let preferred = groups.groups.iter().filter_map(|group| {
            let version = group.preferred_version.as_ref().or_else(|| group.versions.first())?;
            Some((group.name.clone(), version.version.clone()))
        });
        let versions = std::iter::once((String::new(), "v1".to_owned())).chain(preferred);
        let found = try_join_all(versions.map(|(group, version)| async move {
            let served = self.resources(&group_version(&group, &version)).await?;
            let listed = served.iter().filter(|served| served.namespaced && listable(served) && served.kind != "Event");
            Ok::<_, Error>(listed.map(|served| api_resource(&group, &version, served)).collect::<Vec<_>>())
        }));
        Ok(found.await?.into_iter().flatten().collect())
    }

    /// The types of one version of a group; none where it is not served.
    pub(super) async fn resources(&self, group_version: &str) -> Result<Vec<APIResource>, Error> {
        let root = if group_version.contains('/') { "apis" } else { "api" };
        let call = Call::get(&format!("/{root}/{group_version}"))?;
        let list: Option<APIResourceList> = self.found(&call).await?;
        Ok(list.map(|list| list.resources).unwrap_or_default())
    }
}

fn listable(resource: &APIResource) -> bool {
    !resource.name.contains('/') && resource.verbs.iter().any(|verb| verb == "list")
}

fn group_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

fn api_resource(group: &str, version: &str, resource: &APIResource) -> ApiResource {
    ApiResource {
        group: group.to_owned(),
        version: version.to_owned(),
        api_version: group_version(group, version),
        kind: resource.kind.clone(),
        plural: resource.name.clone(),
    }
}
