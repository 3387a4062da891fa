//! Where an object is, and how it is said before the cluster is asked for anything.

use std::fmt;

use kube::{
    Resource,
    core::{DynamicObject, GroupVersionKind, Request},
    discovery::ApiResource,
};

use super::{
    Cluster,
    rights::{KubernetesGrant, on},
};
use crate::error::{Error, ErrorKind, System};

/// The address of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The object's type.
    pub resource: ApiResource,
    /// The object's namespace; `None` is the whole cluster.
    pub namespace: Option<String>,
    /// The object's name.
    pub name: String,
}

impl Address {
    /// An object in a namespace.
    pub fn namespaced<K: Resource<DynamicType = ()>>(namespace: &str, name: &str) -> Self {
        Self { namespace: Some(namespace.to_owned()), ..Self::cluster::<K>(name) }
    }

    /// An object of the whole cluster.
    pub fn cluster<K: Resource<DynamicType = ()>>(name: &str) -> Self {
        Self { resource: ApiResource::erase::<K>(&()), namespace: None, name: name.to_owned() }
    }

    /// What builds requests for the collection that the object is in.
    ///
    /// # Errors
    /// When name or namespace are none: they would change the path.
    pub(super) fn request(&self) -> Result<Request, Error> {
        self.namespace.iter().chain([&self.name]).try_for_each(|name| check(name))?;
        Ok(Request::new(collection(&self.resource, self.namespace.as_deref())))
    }
}

pub(super) fn collection(resource: &ApiResource, namespace: Option<&str>) -> String {
    DynamicObject::url_path(resource, namespace)
}

/// Whether a name stays one segment of a path. What else a name may be is the server's to say.
pub(super) fn check(name: &str) -> Result<(), Error> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':' | b'_');
    if !matches!(name, "" | "." | "..") && name.bytes().all(plain) {
        return Ok(());
    }
    let message = format!("`{}` is no name of a Kubernetes object", crate::text::clean(name));
    Err(Error::new(System::Kubernetes, ErrorKind::InvalidRequest, message)
        .help("names are lower-case letters, digits, `-` and `.`"))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.resource.kind, self.name),
            None => write!(f, "{} {}", self.resource.kind, self.name),
        }
    }
}

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
    fn in_version(&self, version: &str) -> ApiResource {
        ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(self.group, version, self.kind), self.plural)
    }
}

/// The type, the namespace and the name of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRef {
    /// As people read it; a version that is not known yet as a placeholder.
    pub(super) at: Address,
    /// Where the version has to be found first.
    served: Option<ServedType>,
}

impl ObjectRef {
    /// An object in a namespace.
    pub fn namespaced<K: Resource<DynamicType = ()>>(namespace: &str, name: &str) -> Self {
        Self { at: Address::namespaced::<K>(namespace, name), served: None }
    }

    /// An object of the whole cluster.
    pub fn cluster<K: Resource<DynamicType = ()>>(name: &str) -> Self {
        Self { at: Address::cluster::<K>(name), served: None }
    }

    /// An object of the whole cluster, in the version that is served.
    pub fn served(of: ServedType, name: &str) -> Self {
        let resource = of.in_version("<the version that is served>");
        Self { at: Address { resource, namespace: None, name: name.to_owned() }, served: Some(of) }
    }

    /// Its address; `None` where its type is not served.
    pub async fn address(&self, cluster: &Cluster) -> Result<Option<Address>, Error> {
        let Some(of) = self.served else { return Ok(Some(self.at.clone())) };
        Ok(cluster.served(&of).await?.map(|resource| Address { resource, ..self.at.clone() }))
    }

    /// Its address, should its type be served in the best of the versions.
    pub(super) fn best_guess(&self) -> Address {
        let best = self.served.and_then(|served| Some(served.in_version(served.versions.first()?)));
        Address { resource: best.unwrap_or_else(|| self.at.resource.clone()), ..self.at.clone() }
    }

    /// The object, to say what is needed on it.
    pub fn on(&self) -> KubernetesGrant {
        let Address { resource, namespace, name } = &self.at;
        KubernetesGrant { namespace: namespace.clone(), ..on(&resource.group, &resource.plural).named(name) }
    }

    /// The path below the server's root.
    pub(super) fn path(&self) -> String {
        let collection = collection(&self.at.resource, self.at.namespace.as_deref());
        format!("{}/{}", collection.trim_start_matches('/'), self.at.name)
    }

    pub(super) fn is_secret(&self) -> bool {
        self.at.resource.group.is_empty() && self.at.resource.kind == "Secret"
    }
}
