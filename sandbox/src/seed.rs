//! What a cluster holds from its start.

use serde_json::{Value, json};

use crate::{
    kinds,
    object::{self, name, text},
    rbac,
    storage::{Key, Store},
};

/// Puts the first objects into an empty store.
pub(crate) fn plant(store: &mut Store) {
    let now = object::rfc3339(object::now());
    for mut object in namespaces().into_iter().chain(roles()).chain([kubernetes_service()]) {
        let (group, version) = text(&object, "/apiVersion").rsplit_once('/').unwrap_or(("", "v1"));
        let kind = kinds::all(store)
            .into_iter()
            .find(|k| k.group == group && k.version == version && k.kind == text(&object, "/kind"));
        let Some(kind) = kind else { continue };
        let key = Key::of(&kind, text(&object, "/metadata/namespace"), name(&object));
        object["metadata"]["uid"] = object::new_uid().into();
        object["metadata"]["creationTimestamp"] = now.as_str().into();
        store.put(key, object);
    }
}

fn namespaces() -> Vec<Value> {
    let namespace = |name: &&str| {
        json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
            "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
        })
    };
    ["default", "kube-system", "kube-public"].iter().map(namespace).collect()
}

fn kubernetes_service() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {
            "name": "kubernetes", "namespace": "default",
            "labels": {"component": "apiserver", "provider": "kubernetes"},
        },
        "spec": {
            "type": "ClusterIP", "clusterIP": "10.96.0.1", "sessionAffinity": "None",
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}],
        },
    })
}

/// The default roles that matter here, bound as the API server binds them
/// (kubernetes, `bootstrappolicy`).
fn roles() -> Vec<Value> {
    let create =
        |group: &str, resources: &[&str]| json!({"apiGroups": [group], "resources": resources, "verbs": ["create"]});
    let paths = |paths: &[&str]| json!({"nonResourceURLs": paths, "verbs": ["get"]});
    let reviews = ["selfsubjectaccessreviews", "selfsubjectrulesreviews"];
    let info = ["/healthz", "/livez", "/readyz", "/version", "/version/"];
    let discovery = ["/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*"];
    let everything = json!([
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
        {"nonResourceURLs": ["*"], "verbs": ["*"]},
    ]);
    let delegator = json!([
        create("authentication.k8s.io", &["tokenreviews"]),
        create("authorization.k8s.io", &["subjectaccessreviews"]),
    ]);
    let basic =
        json!([create("authorization.k8s.io", &reviews), create("authentication.k8s.io", &["selfsubjectreviews"]),]);
    let known = "system:authenticated";
    let anyone = "system:unauthenticated";
    [
        ("cluster-admin", everything, vec!["system:masters"]),
        ("system:auth-delegator", delegator, vec![]),
        ("system:basic-user", basic, vec![known]),
        ("system:discovery", json!([paths(&info), paths(&discovery)]), vec![known]),
        ("system:public-info-viewer", json!([paths(&info)]), vec![known, anyone]),
    ]
    .into_iter()
    .flat_map(|(name, rules, groups)| {
        let role = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": metadata(name), "rules": rules,
        });
        let binding = (!groups.is_empty()).then(|| binding(name, &groups));
        std::iter::once(role).chain(binding)
    })
    .collect()
}

fn binding(role: &str, groups: &[&str]) -> Value {
    let subject = |name: &&str| json!({"kind": "Group", "apiGroup": rbac::GROUP, "name": name});
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": metadata(role),
        "roleRef": {"apiGroup": rbac::GROUP, "kind": "ClusterRole", "name": role},
        "subjects": groups.iter().map(subject).collect::<Vec<_>>(),
    })
}

fn metadata(name: &str) -> Value {
    let marks = "rbac.authorization.kubernetes.io/autoupdate";
    json!({
        "name": name, "annotations": {marks: "true"},
        "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"},
    })
}
