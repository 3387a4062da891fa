//! Where an object is, said before the cluster is asked for anything.

use kube::{Resource, discovery::ApiResource};
use serde_json::Value;

use super::{
    Address, Cluster,
    address::collection,
    rights::{Grant, on},
};
use crate::error::Error;

/// A type that a cluster may or may not serve, and in one of several versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServedType {
    /// Its group.
    pub group: &'static str,
    /// Its name.
    pub kind: &'static str,
    /// The name of its resource.
    pub plural: &'static str,
    /// The versions that are understood here, the better one first.
    pub versions: &'static [&'static str],
}

impl ServedType {
    /// The first of its versions that the cluster serves.
    ///
    /// # Errors
    /// When the server cannot be reached or denies it.
    pub async fn find(&self, cluster: &Cluster) -> Result<Option<ApiResource>, Error> {
        cluster.served(self.group, self.kind, self.versions).await
    }
}

/// The type, the namespace and the name of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRef {
    resource: ApiResource,
    /// Where the version has to be found first.
    served: Option<ServedType>,
    namespace: Option<String>,
    name: String,
}

impl ObjectRef {
    /// An object in a namespace.
    pub fn namespaced<K: Resource<DynamicType = ()>>(namespace: &str, name: &str) -> Self {
        let resource = ApiResource::erase::<K>(&());
        Self { resource, served: None, namespace: Some(namespace.to_owned()), name: name.to_owned() }
    }

    /// An object of the whole cluster.
    pub fn cluster<K: Resource<DynamicType = ()>>(name: &str) -> Self {
        Self { resource: ApiResource::erase::<K>(&()), served: None, namespace: None, name: name.to_owned() }
    }

    /// An object of the whole cluster, in the version that is served.
    pub fn served(of: ServedType, name: &str) -> Self {
        let version = "<the version that is served>";
        let resource = ApiResource {
            group: of.group.to_owned(),
            version: version.to_owned(),
            api_version: format!("{}/{version}", of.group),
            kind: of.kind.to_owned(),
            plural: of.plural.to_owned(),
        };
        Self { resource, served: Some(of), namespace: None, name: name.to_owned() }
    }

    /// Its address; `None` where its type is not served.
    ///
    /// # Errors
    /// When the server cannot be reached or denies it.
    pub async fn address(&self, cluster: &Cluster) -> Result<Option<Address<Value>>, Error> {
        let found = match self.served {
            None => Some(self.resource.clone()),
            Some(of) => of.find(cluster).await?,
        };
        Ok(found.map(|resource| Address::plain(&resource, self.namespace.as_deref(), &self.name)))
    }

    /// Its address, should its type be served in the best of the versions.
    pub(super) fn best_guess(&self) -> Address<Value> {
        let mut resource = self.resource.clone();
        if let Some(version) = self.served.and_then(|served| served.versions.first()) {
            resource.version = (*version).to_owned();
            resource.api_version = format!("{}/{version}", resource.group);
        }
        Address::plain(&resource, self.namespace.as_deref(), &self.name)
    }

    /// The object, to say what is needed on it.
    pub fn on(&self) -> Grant {
        let all = on(&self.resource.group, &self.resource.plural).named(&self.name);
        Grant { namespace: self.namespace.clone(), ..all }
    }

    /// As people read it; a version that is not known yet as a placeholder.
    pub(super) fn shown(&self) -> Address<Value> {
        Address::plain(&self.resource, self.namespace.as_deref(), &self.name)
    }

    /// The path below the server's root.
    pub(super) fn path(&self) -> String {
        let collection = collection(&self.resource, self.namespace.as_deref());
        format!("{}/{}", collection.trim_start_matches('/'), self.name)
    }

    pub(super) fn is_secret(&self) -> bool {
        self.resource.group.is_empty() && self.resource.kind == "Secret"
    }
}
