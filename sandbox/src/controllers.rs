//! What a cluster's controllers would do in the background: after each write, at once.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::{
    admission::{ACCOUNT_NAME, TOKEN_SECRET},
    apply::{Manager, Operation, record_update},
    crd, kinds, object,
    object::{name, text, uid},
    storage::{Key, Store},
    tokens::{self, Signer},
};

/// What the controllers put into the cluster.
pub(crate) struct Controllers<'a> {
    pub(crate) signer: &'a Signer,
    pub(crate) ca_pem: &'a str,
    pub(crate) now: i64,
}

impl Controllers<'_> {
    /// Brings the store to where the controllers would leave it. Changes nothing the second time.
    pub(crate) fn settle(&self, store: &mut Store) {
        self.empty_namespaces(store);
        self.furnish_namespaces(store);
        self.fill_token_secrets(store);
        self.establish_definitions(store);
        Self::drop_orphans(store);
    }

    fn empty_namespaces(&self, store: &mut Store) {
        let all = found(store, "", "namespaces").into_iter();
        for (Key { name: namespace, .. }, _) in all.filter(|(_, object)| is_deleted(object)) {
            let inside = |key: &&Key| key.namespace == namespace;
            let keys: Vec<_> = store.iter().map(|(key, _)| key).filter(inside).cloned().collect();
            keys.iter().for_each(|key| store.remove(key));
            store.remove(&Key::new("", "namespaces", "", &namespace));
        }
    }

    fn furnish_namespaces(&self, store: &mut Store) {
        for (Key { name: namespace, .. }, _) in found(store, "", "namespaces") {
            let account = json!({"apiVersion": "v1", "kind": "ServiceAccount"});
            self.ensure(store, Key::new("", "serviceaccounts", &namespace, "default"), account);
            let roots = json!({
                "apiVersion": "v1", "kind": "ConfigMap", "data": {"ca.crt": self.ca_pem},
            });
            self.ensure(store, Key::new("", "configmaps", &namespace, "kube-root-ca.crt"), roots);
        }
    }

    fn fill_token_secrets(&self, store: &mut Store) {
        for (key, secret) in found(store, "", "secrets") {
            if secret["type"] != TOKEN_SECRET {
                continue;
            }
            let account = secret["metadata"]["annotations"][ACCOUNT_NAME].as_str();
            let account = account.and_then(|name| store.core("serviceaccounts", &key.namespace, name));
            let Some(account) = account.cloned() else {
                store.remove(&key);
                continue;
            };
            let marked = &secret["metadata"]["annotations"]["kubernetes.io/service-account.uid"];
            if marked.is_string() && marked != uid(&account) {
                store.remove(&key);
            } else if let Some(filled) = self.filled(&secret, &account) {
                self.update(store, key, &secret, filled);
            }
        }
    }

    /// The Secret with its token, authority and marks, when anything of them is missing.
    fn filled(&self, secret: &Value, account: &Value) -> Option<Value> {
        let mut filled = secret.clone();
        let namespace = text(secret, "/metadata/namespace");
        let annotations = object::child(&mut filled["metadata"], "annotations");
        object::default(annotations, "kubernetes.io/service-account.uid", uid(account));
        let data = object::child(&mut filled, "data");
        object::default(data, "ca.crt", BASE64.encode(self.ca_pem));
        object::default(data, "namespace", BASE64.encode(namespace));
        if !data.contains_key("token") {
            let token = self.signer.sign(&tokens::legacy_claims(account, name(secret)))?;
            data.insert("token".to_owned(), BASE64.encode(token.expose_secret()).into());
        }
        (filled != *secret).then_some(filled)
    }

    fn establish_definitions(&self, store: &mut Store) {
        for (key, crd) in found(store, crd::GROUP, crd::PLURAL) {
            let status = crd::established(&crd, &object::rfc3339(self.now));
            let same = |field: &str| crd["status"][field] == status[field];
            if !(same("acceptedNames") && same("storedVersions")) {
                let new = json_with(&crd, "status", status);
                store.put(key, new);
            }
        }
    }

    /// Custom resources go with their definition.
    fn drop_orphans(store: &mut Store) {
        let kinds = kinds::all(store);
        let known = |key: &Key| kinds.iter().any(|k| k.group == key.group && k.plural == key.plural);
        let served = |key: &Key| {
            let crd = Key::new(crd::GROUP, crd::PLURAL, "", &format!("{}.{}", key.plural, key.group));
            known(key) || store.get(&crd).is_some()
        };
        let orphans: Vec<_> = store.iter().map(|(key, _)| key).filter(|key| !served(key)).cloned().collect();
        orphans.iter().for_each(|key| store.remove(key));
    }

    fn ensure(&self, store: &mut Store, key: Key, mut object: Value) {
        if store.get(&key).is_some() {
            return;
        }
        object["metadata"] = json!({
            "name": key.name, "namespace": key.namespace, "uid": object::new_uid(),
            "creationTimestamp": object::rfc3339(self.now),
        });
        self.update(store, key, &json!({}), object);
    }

    fn update(&self, store: &mut Store, key: Key, live: &Value, mut new: Value) {
        let manager = Manager {
            name: "kube-controller-manager".to_owned(),
            operation: Operation::Update,
            api_version: "v1".to_owned(),
            subresource: String::new(),
        };
        if let Some(kind) = kinds::find(store, &key.group, "v1", &key.plural) {
            record_update(&kind, live, &mut new, &manager, object::rfc3339(self.now));
        }
        store.put(key, new);
    }
}

/// Whether the object waits for its finalizers.
pub(crate) fn is_deleted(object: &Value) -> bool {
    !text(object, "/metadata/deletionTimestamp").is_empty()
}

fn found(store: &Store, group: &str, plural: &str) -> Vec<(Key, Value)> {
    store.list(group, plural).map(|(key, object)| (key.clone(), Value::clone(object))).collect()
}

fn json_with(object: &Value, field: &str, value: Value) -> Value {
    let mut object = object.clone();
    object[field] = value;
    object
}
