//! Where an object is.

use std::fmt;

use kube::{
    Resource,
    core::{DynamicObject, Request},
    discovery::ApiResource,
};

use crate::error::{Error, Kind, System};

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
    Err(Error::new(System::Kubernetes, Kind::Unspeakable, message)
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
