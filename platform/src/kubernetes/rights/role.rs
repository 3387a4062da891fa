//! What the cluster's roles have to give, so that a user has rights. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};
use trustpath_core::run::{By, Need};

use super::Grant;

/// A Role, or a ClusterRole.
#[derive(Debug, Clone, PartialEq)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Its namespace; `None` is a ClusterRole.
    pub namespace: Option<String>,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// Namespaces that a ClusterRole has to do for, since they come and go with the graph or are not there.
    pub instead_of: BTreeSet<String>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// The API groups.
    pub api_groups: Vec<String>,
    /// The resources, `plural` or `plural/subresource`.
    pub resources: Vec<String>,
    /// The objects; all of them where there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource_names: Vec<String>,
    /// The verbs.
    pub verbs: Vec<String>,
    /// What needs it.
    #[serde(skip)]
    pub by: By,
}

/// One verb on one resource: group, resource, name, verb.
type Cell = (String, String, Option<String>, String);
/// What each cell of a role is needed by.
type Cells = BTreeMap<Cell, By>;

impl Role {
    /// The roles for these needs of a cluster, the ClusterRole first, all of one name.
    ///
    /// A Role goes with its namespace, and cannot be made before it: what is needed in a namespace that the needs
    /// themselves make or remove is given in the whole cluster.
    pub fn all<'a>(name: &str, needs: impl IntoIterator<Item = &'a Need>) -> Vec<Self> {
        let grants: Vec<_> = needs.into_iter().flat_map(read).collect();
        let moved = grants.iter().filter(|(grant, _)| grant.moves_namespace());
        let moved: BTreeSet<_> = moved.filter_map(|(grant, _)| grant.name.clone()).collect();
        let mut scopes: BTreeMap<Option<String>, Cells> = BTreeMap::new();
        let mut instead_of = BTreeSet::new();
        for (grant, by) in grants {
            let stands = |namespace: &String| !grant.cluster_wide && !moved.contains(namespace);
            let scope = grant.namespace.clone().filter(stands);
            if scope.is_none() {
                instead_of.extend(grant.namespace.clone());
            }
            scopes.entry(scope).or_default().entry(cell(grant)).or_default().extend(by);
        }
        let scopes = without_repetition(scopes);
        let role = |(namespace, cells): (Option<String>, Cells)| {
            let instead_of = if namespace.is_none() { instead_of.clone() } else { BTreeSet::new() };
            Self { name: name.to_owned(), namespace, rules: rules(cells), instead_of }
        };
        scopes.into_iter().map(role).collect()
    }

    /// The object, ready to be applied.
    pub fn object(&self) -> Value {
        let kind = if self.namespace.is_some() { "Role" } else { "ClusterRole" };
        let mut metadata = json!({ "name": self.name });
        if let Some(namespace) = &self.namespace {
            metadata["namespace"] = namespace.as_str().into();
        }
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": metadata, "rules": self.rules})
    }

    /// The same in YAML, each rule behind a comment that says what needs it.
    pub fn yaml(&self) -> String {
        let object = self.object();
        let mut yaml = format!("apiVersion: {}\nkind: {}\n", text(&object["apiVersion"]), text(&object["kind"]));
        yaml += &format!("metadata:\n  name: {}\n", object["metadata"]["name"]);
        if let Some(namespace) = object["metadata"].get("namespace") {
            yaml += &format!("  namespace: {namespace}\n");
        }
        yaml + "rules:\n" + &self.rules.iter().map(Rule::yaml).collect::<String>()
    }
}

impl Rule {
    /// Lists in YAML's flow style are JSON.
    fn yaml(&self) -> String {
        let list = |key: &str, items: &[String]| format!("{key}: {}\n", json!(items));
        let mut yaml = format!("  # {}\n  - {}", self.by, list("apiGroups", &self.api_groups));
        yaml += &format!("    {}", list("resources", &self.resources));
        if !self.resource_names.is_empty() {
            yaml += &format!("    {}", list("resourceNames", &self.resource_names));
        }
        yaml + &format!("    {}", list("verbs", &self.verbs))
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn read(need: &Need) -> impl Iterator<Item = (Grant, &By)> {
    let grants = need.grants.iter().filter_map(|grant| serde_json::from_value(grant.clone()).ok());
    grants.map(|grant| (grant, &need.by))
}

fn cell(grant: Grant) -> Cell {
    let resource = match grant.subresource {
        Some(subresource) => format!("{}/{subresource}", grant.resource),
        None => grant.resource,
    };
    (grant.group, resource, grant.name, grant.verb)
}

/// What is given on all objects needs not be given on one of them, and what is given in the whole cluster not in a
/// namespace.
fn without_repetition(mut scopes: BTreeMap<Option<String>, Cells>) -> BTreeMap<Option<String>, Cells> {
    let keys: Vec<_> =
        scopes.iter().flat_map(|(scope, cells)| cells.keys().map(|cell| (scope.clone(), cell.clone()))).collect();
    for (scope, cell) in keys {
        let (group, resource, _, verb) = &cell;
        let all = (group.clone(), resource.clone(), None, verb.clone());
        let wider = [(None, all.clone()), (None, cell.clone()), (scope.clone(), all)];
        let there =
            |(scope, cell): &(Option<String>, Cell)| scopes.get(scope).is_some_and(|cells| cells.contains_key(cell));
        let Some((into, as_cell)) =
            wider.into_iter().filter(|wider| *wider != (scope.clone(), cell.clone())).find(there)
        else {
            continue;
        };
        let by = scopes.get_mut(&scope).and_then(|cells| cells.remove(&cell)).unwrap_or_default();
        if let Some(wider) = scopes.get_mut(&into).and_then(|cells| cells.get_mut(&as_cell)) {
            wider.extend(&by);
        }
    }
    scopes.retain(|_, cells| !cells.is_empty());
    scopes
}

/// A group, a resource, and the name of an object where it is one.
type Object = (String, String, Option<String>);

/// One rule for each resource and object, and for all resources of a group on which the same is needed by the same.
fn rules(cells: Cells) -> Vec<Rule> {
    let mut objects: BTreeMap<Object, (BTreeSet<String>, By)> = BTreeMap::new();
    for ((group, resource, name, verb), by) in cells {
        let (verbs, all) = objects.entry((group, resource, name)).or_default();
        verbs.insert(verb);
        all.extend(&by);
    }
    let mut rules: Vec<Rule> = Vec::new();
    let mut alike = BTreeMap::new();
    for ((group, resource, name), (verbs, by)) in objects {
        let place = *alike.entry((group.clone(), name.clone(), verbs.clone(), by.clone())).or_insert(rules.len());
        match rules.get_mut(place) {
            Some(rule) => rule.resources.push(resource),
            None => rules.push(Rule {
                api_groups: vec![group],
                resources: vec![resource],
                resource_names: name.into_iter().collect(),
                verbs: verbs.into_iter().collect(),
                by,
            }),
        }
    }
    rules
}

#[cfg(test)]
mod tests;
