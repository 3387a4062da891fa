//! Where an object is.

use std::{fmt, marker::PhantomData};

use kube::{Resource, core::DynamicObject, discovery::ApiResource};

use crate::error::{Error, Kind, System};

/// The address of an object of type `K`.
pub struct Address<K> {
    resource: ApiResource,
    namespace: Option<String>,
    name: String,
    object: PhantomData<fn() -> K>,
}

impl<K: Resource<DynamicType = ()>> Address<K> {
    /// An object in a namespace.
    pub fn namespaced(namespace: &str, name: &str) -> Self {
        Self::new(ApiResource::erase::<K>(&()), Some(namespace), name)
    }

    /// An object of the whole cluster.
    pub fn cluster(name: &str) -> Self {
        Self::new(ApiResource::erase::<K>(&()), None, name)
    }
}

impl Address<serde_json::Value> {
    /// An object as plain data.
    pub fn plain(resource: &ApiResource, namespace: Option<&str>, name: &str) -> Self {
        Self::new(resource.clone(), namespace, name)
    }
}

impl<K> Address<K> {
    fn new(resource: ApiResource, namespace: Option<&str>, name: &str) -> Self {
        Self { resource, namespace: namespace.map(str::to_owned), name: name.to_owned(), object: PhantomData }
    }

    /// The object's type.
    pub fn resource(&self) -> &ApiResource {
        &self.resource
    }

    /// The object's namespace.
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// The object's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The URL path of the collection that the object is in.
    ///
    /// # Errors
    /// When name or namespace are none: they would change the path.
    pub(super) fn collection(&self) -> Result<String, Error> {
        for name in self.namespace.iter().chain([&self.name]) {
            check(name)?;
        }
        Ok(collection(&self.resource, self.namespace()))
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

impl<K> Clone for Address<K> {
    fn clone(&self) -> Self {
        Self::new(self.resource.clone(), self.namespace(), &self.name)
    }
}

impl<K> fmt::Debug for Address<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<K> fmt::Display for Address<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.resource.kind, self.name),
            None => write!(f, "{} {}", self.resource.kind, self.name),
        }
    }
}
