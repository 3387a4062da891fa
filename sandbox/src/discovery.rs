//! What the server serves, told in both ways that clients ask for it: one document a group version
//! (`APIResourceList`), and all in one (`APIGroupDiscoveryList`, apidiscovery.k8s.io/v2).

use std::{cmp::Reverse, collections::BTreeMap};

use serde_json::{Value, json};

use crate::{kinds, resource_type::ResourceType, storage::Store};

/// The media type of aggregated discovery, which this server answers with.
pub(crate) const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// Whether the client would take aggregated discovery.
pub(crate) fn wants_aggregated(accept: &str) -> bool {
    accept.split(',').any(|media| {
        ["g=apidiscovery.k8s.io", "v=v2", "as=APIGroupDiscoveryList"]
            .iter()
            .all(|wanted| media.split(';').any(|part| part.trim() == *wanted))
    })
}

/// Group, then version, then its resource types, in the order of preference.
type Groups = BTreeMap<String, Vec<(String, Vec<ResourceType>)>>;

fn groups(store: &Store) -> Groups {
    let mut groups = Groups::new();
    for kind in kinds::all(store) {
        let versions = groups.entry(kind.group.clone()).or_default();
        match versions.iter_mut().find(|(version, _)| *version == kind.version) {
            Some((_, kinds)) => kinds.push(kind),
            None => versions.push((kind.version.clone(), vec![kind])),
        }
    }
    for versions in groups.values_mut() {
        versions.sort_by_key(|(version, _)| (maturity(version), Reverse(version.clone())));
    }
    groups
}

/// Stable versions go before betas, and betas before alphas.
fn maturity(version: &str) -> u8 {
    if version.contains("alpha") { 2 } else { u8::from(version.contains("beta")) }
}

/// `GET /api`
pub(crate) fn api_versions(address: &str) -> Value {
    json!({
        "kind": "APIVersions", "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    })
}

/// `GET /apis`
pub(crate) fn group_list(store: &Store) -> Value {
    let groups = groups(store);
    let named = groups.iter().filter(|(group, _)| !group.is_empty());
    let groups: Vec<_> = named.map(|(group, versions)| group_entry(group, versions)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// `GET /apis/GROUP`
pub(crate) fn group(store: &Store, name: &str) -> Option<Value> {
    let mut entry = group_entry(name, groups(store).get(name)?);
    entry["kind"] = "APIGroup".into();
    entry["apiVersion"] = "v1".into();
    Some(entry)
}

fn group_entry(group: &str, versions: &[(String, Vec<ResourceType>)]) -> Value {
    let versions: Vec<_> =
        versions.iter().map(|(v, _)| json!({"groupVersion": format!("{group}/{v}"), "version": v})).collect();
    json!({"name": group, "versions": versions, "preferredVersion": versions.first()})
}

/// `GET /api/v1` and `GET /apis/GROUP/VERSION`
pub(crate) fn resource_list(store: &Store, group: &str, version: &str) -> Option<Value> {
    let groups = groups(store);
    let (_, kinds) = groups.get(group)?.iter().find(|(v, _)| v == version)?;
    let group_version = kinds.first()?.api_version();
    let resources: Vec<_> = kinds.iter().flat_map(resource_entries).collect();
    Some(json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version,
        "resources": resources,
    }))
}

fn resource_entries(kind: &ResourceType) -> Vec<Value> {
    let own = json!({
        "name": kind.plural, "singularName": kind.singular, "namespaced": kind.namespaced,
        "kind": kind.kind, "verbs": kind.verbs(), "shortNames": kind.short_names,
    });
    let below = subresources(kind).into_iter().map(|sub| {
        let mut entry = json!({
            "name": format!("{}/{}", kind.plural, sub.name), "singularName": "",
            "namespaced": kind.namespaced, "kind": sub.kind, "verbs": sub.verbs,
        });
        if sub.group != kind.group {
            entry["group"] = sub.group.into();
            entry["version"] = sub.version.into();
        }
        entry
    });
    std::iter::once(own).chain(below).collect()
}

/// `GET /api` or `GET /apis`, aggregated.
pub(crate) fn aggregated(store: &Store, core: bool) -> Value {
    let groups = groups(store);
    let wanted = groups.iter().filter(|(group, _)| group.is_empty() == core);
    let items: Vec<_> = wanted
        .map(|(group, versions)| {
            let versions: Vec<_> = versions.iter().map(aggregated_version).collect();
            json!({"metadata": {"name": group, "creationTimestamp": null}, "versions": versions})
        })
        .collect();
    json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {},
        "items": items,
    })
}

fn aggregated_version((version, kinds): &(String, Vec<ResourceType>)) -> Value {
    let resources: Vec<_> = kinds
        .iter()
        .map(|kind| {
            let below = subresources(kind).into_iter().map(|sub| {
                json!({
                    "subresource": sub.name, "verbs": sub.verbs,
                    "responseKind": {"group": sub.group, "version": sub.version, "kind": sub.kind},
                })
            });
            json!({
                "resource": kind.plural, "singularResource": kind.singular, "verbs": kind.verbs(),
                "responseKind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
                "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
                "shortNames": kind.short_names, "subresources": below.collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({"version": version, "freshness": "Current", "resources": resources})
}

struct Subresource<'a> {
    name: &'static str,
    group: &'a str,
    version: &'a str,
    kind: &'a str,
    verbs: &'static [&'static str],
}

fn subresources(kind: &ResourceType) -> Vec<Subresource<'_>> {
    let mut found = Vec::new();
    if kind.status {
        let verbs = &["get", "patch", "update"];
        let (group, version, kind) = (&*kind.group, &*kind.version, &*kind.kind);
        found.push(Subresource { name: "status", group, version, kind, verbs });
    }
    if kind.group.is_empty() && kind.kind == "ServiceAccount" {
        let (group, version, kind) = ("authentication.k8s.io", "v1", "TokenRequest");
        found.push(Subresource { name: "token", group, version, kind, verbs: &["create"] });
    }
    found
}
