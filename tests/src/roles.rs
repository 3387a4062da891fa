//! Roles as objects: where they are, what they give, and the same without a part of it.

use serde_json::{Value, json};

const RBAC: &str = "apis/rbac.authorization.k8s.io/v1";

/// Where a role and its binding are.
pub fn places(role: &Value) -> (String, String) {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let scope = text(&role["metadata"]["namespace"]).map(|namespace| format!("/namespaces/{namespace}"));
    let scope = format!("{RBAC}{}", scope.unwrap_or_default());
    let plural = text(&role["kind"]).expect("a kind").to_lowercase();
    let name = text(&role["metadata"]["name"]).expect("a name");
    (format!("{scope}/{plural}s/{name}"), format!("{scope}/{plural}bindings/{name}"))
}

/// One verb on one resource of one rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// The verb.
    pub verb: String,
    /// The API group.
    pub group: String,
    /// The resource, with its subresource.
    pub resource: String,
    /// The object, empty for all.
    pub name: String,
    /// The namespace of the Role, empty for a ClusterRole.
    pub namespace: String,
}

/// Every cell of every rule.
pub fn cells(roles: &[Value]) -> Vec<Cell> {
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
    };
    let mut cells = Vec::new();
    for role in roles {
        for rule in role["rules"].as_array().into_iter().flatten() {
            for (group, resource, verb) in
                every(&texts(&rule["apiGroups"]), &texts(&rule["resources"]), &texts(&rule["verbs"]))
            {
                let name = texts(&rule["resourceNames"]).first().cloned().unwrap_or_default();
                let namespace = role["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
                cells.push(Cell { verb, group, resource, name, namespace });
            }
        }
    }
    cells
}

/// Every group with every resource with every verb.
fn every(groups: &[String], resources: &[String], verbs: &[String]) -> Vec<(String, String, String)> {
    let pairs = groups.iter().flat_map(|group| resources.iter().map(move |resource| (group, resource)));
    let all = pairs
        .flat_map(|(group, resource)| verbs.iter().map(move |verb| (group.clone(), resource.clone(), verb.clone())));
    all.collect()
}

/// The same roles without one cell: its rule is split where it has to be.
pub fn without(roles: &[Value], cell: &Cell) -> Vec<Value> {
    let same = |other: &Cell| other != cell;
    let mut all = roles.to_vec();
    for role in &mut all {
        let kept = cells(std::slice::from_ref(role)).into_iter().filter(same);
        let rules = kept.map(|cell| {
            let mut rule = json!({"apiGroups": [cell.group], "resources": [cell.resource], "verbs": [cell.verb]});
            if !cell.name.is_empty() {
                rule["resourceNames"] = json!([cell.name]);
            }
            rule
        });
        role["rules"] = rules.collect::<Vec<_>>().into();
    }
    all
}
