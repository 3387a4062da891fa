//! The objects. A store is cheap to copy: a request works on a copy, and the copy is kept when the
//! request succeeded and was no dry run, so a refused write leaves nothing behind.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value};

use crate::resource_type::ResourceType;

/// Where an object is. Versions share one object, as they do in the real server's storage.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) group: String,
    pub(crate) plural: String,
    /// Empty for a cluster-scoped object.
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Key {
    pub(crate) fn new(group: &str, plural: &str, namespace: &str, name: &str) -> Self {
        Self {
            group: group.to_owned(),
            plural: plural.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    pub(crate) fn of(kind: &ResourceType, namespace: &str, name: &str) -> Self {
        Self::new(&kind.group, &kind.plural, namespace, name)
    }
}

/// All objects, and the counter behind their resource versions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Store {
    objects: BTreeMap<Key, Arc<Value>>,
    revision: u64,
}

impl Store {
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn get(&self, key: &Key) -> Option<&Arc<Value>> {
        self.objects.get(key)
    }

    /// Core-group look-up, the one most parts of the server make of each other's objects.
    pub(crate) fn core(&self, plural: &str, namespace: &str, name: &str) -> Option<&Arc<Value>> {
        self.get(&Key::new("", plural, namespace, name))
    }

    /// Stores the object under a new resource version and gives it back as stored.
    pub(crate) fn put(&mut self, key: Key, mut object: Value) -> Arc<Value> {
        self.revision += 1;
        object["metadata"]["resourceVersion"] = self.revision.to_string().into();
        let object = Arc::new(object);
        self.objects.insert(key, Arc::clone(&object));
        object
    }

    pub(crate) fn remove(&mut self, key: &Key) {
        if self.objects.remove(key).is_some() {
            self.revision += 1;
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Key, &Arc<Value>)> {
        self.objects.iter()
    }

    /// The objects of one resource type, in every namespace.
    pub(crate) fn list<'a>(
        &'a self,
        group: &'a str,
        plural: &'a str,
    ) -> impl Iterator<Item = (&'a Key, &'a Arc<Value>)> {
        self.iter().filter(move |(key, _)| key.group == group && key.plural == plural)
    }

    /// Every object under its path, as JSON.
    pub(crate) fn snapshot(&self) -> Value {
        let path = |key: &Key| {
            let parts = [&key.group, &key.namespace, &key.plural, &key.name];
            parts.into_iter().filter(|p| !p.is_empty()).cloned().collect::<Vec<_>>().join("/")
        };
        let objects: Map<_, _> = self.iter().map(|(key, object)| (path(key), Value::clone(object))).collect();
        objects.into()
    }
}
