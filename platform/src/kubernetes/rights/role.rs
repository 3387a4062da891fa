//! What the cluster's roles have to give, so that a user has rights. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};
use trustpath_core::run::{RequestedBy, RequiredRight};

use super::KubernetesGrant;

const API_VERSION: &str = "rbac.authorization.k8s.io/v1";

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
    pub by: RequestedBy,
}

/// A group, a resource, and the name of an object where it is one.
type Object = (String, String, Option<String>);
/// One verb on it, in a namespace or in the whole cluster.
type Cell = (Option<String>, Object, String);
/// What each is needed by.
type Cells = BTreeMap<Cell, RequestedBy>;
/// The verbs that are needed on each object, and by what.
type Verbs = BTreeMap<Object, (BTreeSet<String>, RequestedBy)>;

impl Role {
    /// The roles for these needs of a cluster, the ClusterRole first, all of one name.
    ///
    /// A Role goes with its namespace, and cannot be made before it: what is needed in a namespace that the needs
    /// themselves make or remove is given in the whole cluster.
    pub fn all<'a>(name: &str, needs: impl IntoIterator<Item = &'a RequiredRight>) -> Vec<Self> {
        let grants: Vec<_> = needs.into_iter().flat_map(read).collect();
        let moved = grants.iter().filter(|(grant, _)| grant.moves_namespace());
        let moved: BTreeSet<_> = moved.filter_map(|(grant, _)| grant.name.clone()).collect();
        let mut cells = Cells::new();
        let mut instead_of = BTreeSet::new();
        for (grant, by) in grants {
            let stands = |namespace: &String| !grant.cluster_wide && !moved.contains(namespace);
            let scope = grant.namespace.clone().filter(stands);
            if scope.is_none() {
                instead_of.extend(grant.namespace.clone());
            }
            cells.entry(cell(scope, grant)).or_default().extend(by);
        }
        let mut scopes: BTreeMap<Option<String>, Verbs> = BTreeMap::new();
        for ((scope, object, verb), by) in without_repetition(cells) {
            let (verbs, all) = scopes.entry(scope).or_default().entry(object).or_default();
            verbs.insert(verb);
            all.extend(&by);
        }
        let role = |(namespace, verbs): (Option<String>, Verbs)| {
            let instead_of = if namespace.is_none() { instead_of.clone() } else { BTreeSet::new() };
            Self { name: name.to_owned(), namespace, rules: rules(verbs), instead_of }
        };
        scopes.into_iter().map(role).collect()
    }

    /// The object, ready to be applied.
    pub fn object(&self) -> Value {
        let mut metadata = json!({ "name": self.name });
        if let Some(namespace) = &self.namespace {
            metadata["namespace"] = namespace.as_str().into();
        }
        json!({"apiVersion": API_VERSION, "kind": self.kind(), "metadata": metadata, "rules": self.rules})
    }

    /// The same in YAML, each rule behind a comment that says what needs it.
    pub fn yaml(&self) -> String {
        let mut yaml = format!("apiVersion: {API_VERSION}\nkind: {}\n", self.kind());
        yaml += &format!("metadata:\n  name: {}\n", json!(self.name));
        if let Some(namespace) = &self.namespace {
            yaml += &format!("  namespace: {}\n", json!(namespace));
        }
        yaml + "rules:\n" + &self.rules.iter().map(Rule::yaml).collect::<String>()
    }

    fn kind(&self) -> &'static str {
        if self.namespace.is_some() { "Role" } else { "ClusterRole" }
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

fn read(need: &RequiredRight) -> impl Iterator<Item = (KubernetesGrant, &RequestedBy)> {
    let grants = need.grants.iter().filter_map(|grant| serde_json::from_value(grant.clone()).ok());
    grants.map(|grant| (grant, &need.by))
}

fn cell(scope: Option<String>, grant: KubernetesGrant) -> Cell {
    let resource = match grant.subresource {
        Some(subresource) => format!("{}/{subresource}", grant.resource),
        None => grant.resource,
    };
    (scope, (grant.group, resource, grant.name), grant.verb)
}

/// What is given on all objects needs not be given on one of them, and what is given in the whole cluster not in a
/// namespace.
fn without_repetition(mut cells: Cells) -> Cells {
    for cell in cells.keys().cloned().collect::<Vec<_>>() {
        let (scope, (group, resource, name), verb) = &cell;
        let same = |scope: &Option<String>, name: &Option<String>| {
            (scope.clone(), (group.clone(), resource.clone(), name.clone()), verb.clone())
        };
        let wider = [same(&None, &None), same(&None, name), same(scope, &None)];
        if let Some(wider) = wider.into_iter().find(|wider| *wider != cell && cells.contains_key(wider)) {
            let by = cells.remove(&cell).unwrap_or_default();
            cells.entry(wider).or_default().extend(&by);
        }
    }
    cells
}

/// One rule for each resource and object, and for all resources of a group on which the same is needed by the same.
fn rules(objects: Verbs) -> Vec<Rule> {
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
