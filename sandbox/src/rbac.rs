//! Who may do what: the rules of the (Cluster)Roles that the bindings in store give.
//!
//! Not kept: aggregation, and the rule that one can only grant what one holds.

use serde_json::Value;

use crate::{
    auth::User,
    object::{array, name, text},
    status::Status,
    storage::{Key, Store},
};

pub(crate) const GROUP: &str = "rbac.authorization.k8s.io";

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action<'a> {
    /// A path that is no resource, such as `/version`.
    Path {
        /// The verb: the HTTP method in lower case.
        verb: &'a str,
        /// The path.
        path: &'a str,
    },
    /// A resource, with `resource` as `plural` or `plural/subresource`.
    Resource {
        /// The verb.
        verb: &'a str,
        /// The API group.
        group: &'a str,
        /// The resource.
        resource: String,
        /// The namespace, or empty.
        namespace: &'a str,
        /// The object's name, or empty.
        name: &'a str,
    },
}

/// Why the user may do it, in the server's words; nothing when it may not.
pub(crate) fn allows(store: &Store, user: &User, action: &Action<'_>) -> Option<String> {
    if user.groups.iter().any(|group| group == "system:masters") {
        return Some(String::new());
    }
    let namespace = match action {
        Action::Resource { namespace, .. } => *namespace,
        Action::Path { .. } => "",
    };
    let cluster = store.list(GROUP, "clusterrolebindings");
    let local =
        store.list(GROUP, "rolebindings").filter(|(key, _)| !namespace.is_empty() && key.namespace == namespace);
    cluster.chain(local).find_map(|(key, binding)| {
        let subject = array(binding, "/subjects").iter().find(|s| is(s, &key.namespace, user))?;
        let role = role(store, &key.namespace, &binding["roleRef"])?;
        array(role, "/rules").iter().find(|rule| covers(rule, action))?;
        Some(reason(key, binding, subject))
    })
}

/// Refuses with the server's 403 what [`allows`] does not give.
pub(crate) fn check(store: &Store, user: &User, action: &Action<'_>) -> Result<(), Status> {
    if allows(store, user, action).is_some() {
        return Ok(());
    }
    let who = &user.name;
    Err(match action {
        Action::Path { verb, path } => Status::forbidden_path(&format!("User {who:?} cannot {verb} path {path:?}")),
        Action::Resource { verb, group, resource, namespace, name } => {
            let place = match *namespace {
                "" => "at the cluster scope".to_owned(),
                namespace => format!("in the namespace {namespace:?}"),
            };
            let why = format!("User {who:?} cannot {verb} resource {resource:?} in API group {group:?} {place}");
            let plural = resource.split('/').next().unwrap_or_default();
            Status::forbidden(plural, group, name, &why)
        }
    })
}

fn is(subject: &Value, namespace: &str, user: &User) -> bool {
    let name = text(subject, "/name");
    match text(subject, "/kind") {
        "User" => user.name == name,
        "Group" => user.groups.iter().any(|group| group == name),
        "ServiceAccount" => {
            let namespace = match text(subject, "/namespace") {
                "" => namespace,
                given => given,
            };
            user.name == format!("system:serviceaccount:{namespace}:{name}")
        }
        _ => false,
    }
}

fn role<'a>(store: &'a Store, namespace: &str, reference: &Value) -> Option<&'a Value> {
    let name = text(reference, "/name");
    let key = match text(reference, "/kind") {
        "ClusterRole" => Key::new(GROUP, "clusterroles", "", name),
        _ => Key::new(GROUP, "roles", namespace, name),
    };
    store.get(&key).map(AsRef::as_ref)
}

fn covers(rule: &Value, action: &Action<'_>) -> bool {
    let lists = |field: &str, wanted: &str| array(rule, field).iter().any(|entry| entry == "*" || entry == wanted);
    match action {
        Action::Path { verb, path } => {
            let matches = |pattern: &str| match pattern.strip_suffix('*') {
                Some(prefix) => path.starts_with(prefix),
                None => pattern == *path,
            };
            lists("/verbs", verb) && array(rule, "/nonResourceURLs").iter().filter_map(Value::as_str).any(matches)
        }
        Action::Resource { verb, group, resource, name, .. } => {
            let any_parent = resource.split_once('/').map(|(_, sub)| format!("*/{sub}"));
            let names = array(rule, "/resourceNames");
            lists("/verbs", verb)
                && lists("/apiGroups", group)
                && (lists("/resources", resource) || any_parent.is_some_and(|pattern| lists("/resources", &pattern)))
                && (names.is_empty() || names.iter().any(|entry| entry == name))
        }
    }
}

fn reason(key: &Key, binding: &Value, subject: &Value) -> String {
    let role = &binding["roleRef"];
    let (kind, bound) = match key.namespace.as_str() {
        "" => ("ClusterRoleBinding", key.name.clone()),
        namespace => ("RoleBinding", format!("{}/{namespace}", name(binding))),
    };
    let subject = match text(subject, "/namespace") {
        "" => format!("{} {:?}", text(subject, "/kind"), text(subject, "/name")),
        namespace => {
            let full = format!("{}/{namespace}", text(subject, "/name"));
            format!("{} {full:?}", text(subject, "/kind"))
        }
    };
    let (role_kind, role_name) = (text(role, "/kind"), text(role, "/name"));
    format!("RBAC: allowed by {kind} {bound:?} of {role_kind} {role_name:?} to {subject}")
}
