//! Which rights the requests took that came by, in the words of the program: told from what was sent and answered alone.
//!
//! What every token and every user may do takes none: asking what one may do, discovery, logging in.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::proxy::Seen;

/// What tokens may do by the policy `default`, and anybody without a token.
const OF_EVERY_TOKEN: [&str; 7] = [
    "auth/token/lookup-self",
    "auth/token/renew-self",
    "auth/token/revoke-self",
    "sys/capabilities-self",
    "sys/health",
    "sys/internal/ui/mounts",
    "sys/internal/ui/resultant-acl",
];
/// What users may do by the ClusterRole `system:basic-user`.
const OF_EVERY_USER: [&str; 2] =
    ["selfsubjectaccessreviews.authorization.k8s.io", "selfsubjectreviews.authentication.k8s.io"];

/// Requests to Vault, by whoever has this token.
///
/// Vault tells making from changing by whether something is there, and all below `sys` is changing: `is_there` says so of a
/// path before the first of the requests.
pub fn at_vault(seen: &[Seen], token: &str, is_there: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let mut made = BTreeSet::new();
    let mut used = BTreeSet::new();
    for request in seen.iter().filter(|seen| header(seen, "x-vault-token") == token) {
        let path = request.path.trim_start_matches("/v1/").trim_end_matches('/');
        if OF_EVERY_TOKEN.contains(&path) {
            continue;
        }
        let lists = request.query.split('&').any(|part| part == "list=true");
        let capability = match request.method.as_str() {
            "LIST" => "list",
            "GET" if lists => "list",
            "GET" => "read",
            "DELETE" => "delete",
            _ if made.contains(path) || is_there(path) => "update",
            _ => "create",
        };
        if request.status < 300 && matches!(capability, "create" | "update") {
            made.insert(path.to_owned());
        }
        // Enabling and disabling are guarded by more than a capability.
        let guarded = (path.starts_with("sys/auth/")).then_some("sudo");
        used.extend([capability].into_iter().chain(guarded).map(|one| what_at_vault(one, path, request)));
    }
    used
}

fn what_at_vault(capability: &str, path: &str, request: &Seen) -> String {
    match header(request, "x-vault-namespace").trim_matches('/') {
        "" => format!("`{capability}` on `{path}`"),
        namespace => format!("`{capability}` on `{path}` in the namespace `{namespace}`"),
    }
}

/// Requests to an API server, by whoever has this token.
pub fn at_kubernetes(seen: &[Seen], token: &str) -> BTreeSet<String> {
    let bearer = format!("Bearer {token}");
    seen.iter().filter(|seen| header(seen, "authorization") == bearer).flat_map(at_an_object).collect()
}

fn at_an_object(request: &Seen) -> Vec<String> {
    let Some(at) = Resource::at(&request.path).filter(|at| !OF_EVERY_USER.contains(&at.resource.as_str())) else {
        return Vec::new();
    };
    let named = at.name.is_some();
    let verbs: &[&str] = match request.method.as_str() {
        "GET" if named => &["get"],
        "GET" => &["list"],
        "POST" => &["create"],
        "PUT" => &["update"],
        "DELETE" => &["delete"],
        // An apply that makes something.
        "PATCH" if request.status == 201 => &["patch", "create"],
        _ => &["patch"],
    };
    let body: Value = serde_json::from_slice(&request.body.0).unwrap_or_default();
    let bound = (at.resource.ends_with("rolebindings.rbac.authorization.k8s.io")).then(|| bound(&body["roleRef"]));
    verbs.iter().map(|verb| at.what(verb)).chain(bound.flatten()).collect()
}

/// Who binds a role has to be allowed to bind just that one, where they do not hold all of it.
fn bound(role: &Value) -> Option<String> {
    let plural = format!("{}s", role["kind"].as_str()?.to_lowercase());
    Some(format!("`bind` on {plural}.rbac.authorization.k8s.io `{}`", role["name"].as_str()?))
}

/// What a path of the API is about.
struct Resource {
    /// With its subresource and group.
    resource: String,
    name: Option<String>,
    namespace: Option<String>,
}

impl Resource {
    /// `None` where the path is one of discovery.
    fn at(path: &str) -> Option<Self> {
        let segments: Vec<_> = path.trim_matches('/').split('/').collect();
        let (group, below) = match segments.as_slice() {
            ["api", _, below @ ..] => (String::new(), below),
            ["apis", group, _, below @ ..] => (format!(".{group}"), below),
            _ => return None,
        };
        let (namespace, below) = match below {
            ["namespaces", namespace, below @ ..] if !below.is_empty() => (Some(*namespace), below),
            below => (None, below),
        };
        let (resource, name, subresource) = match below {
            [resource] => (resource, None, None),
            [resource, name] => (resource, Some(*name), None),
            [resource, name, subresource, ..] => (resource, Some(*name), Some(subresource)),
            [] => return None,
        };
        let subresource = subresource.map(|subresource| format!("/{subresource}")).unwrap_or_default();
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let resource = format!("{resource}{subresource}{group}");
        Some(Self { resource, name: owned(name), namespace: owned(namespace) })
    }

    fn what(&self, verb: &str) -> String {
        let name = self.name.as_ref().map(|name| format!(" `{name}`")).unwrap_or_default();
        let within = self.namespace.as_ref().map(|namespace| format!(" in `{namespace}`")).unwrap_or_default();
        format!("`{verb}` on {}{name}{within}", self.resource)
    }
}

fn header<'a>(request: &'a Seen, name: &str) -> &'a str {
    request.headers.0.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
