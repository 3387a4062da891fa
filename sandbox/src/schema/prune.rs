//! What a schema drops from an object, and what it fills in.

use serde_json::{Map, Value};

use super::{OWN, field, is_open, join, properties};

/// The fields (as `spec.a.b`, `spec.list[0].c`) that the schema does not declare.
pub(crate) fn unknown_fields(schema: &Value, object: &Value) -> Vec<String> {
    let mut unknown = Vec::new();
    let mut copy = object.clone();
    walk(schema, &mut copy, "", &mut |path| unknown.push(path.to_owned()));
    unknown
}

/// Drops what the schema does not declare, and fills in what it gives a default for.
pub(crate) fn prune_and_default(schema: &Value, object: &mut Value) {
    walk(schema, object, "", &mut |_| {});
}

fn walk(schema: &Value, value: &mut Value, at: &str, unknown: &mut dyn FnMut(&str)) {
    match value {
        Value::Object(map) => walk_map(schema, map, at, unknown),
        Value::Array(items) => {
            let Some(schema) = schema.get("items") else {
                return;
            };
            for (index, item) in items.iter_mut().enumerate() {
                walk(schema, item, &format!("{at}[{index}]"), unknown);
            }
        }
        _ => {}
    }
}

fn walk_map(schema: &Value, map: &mut Map<String, Value>, at: &str, unknown: &mut dyn FnMut(&str)) {
    let open = is_open(schema);
    map.retain(|name, value| {
        let path = join(at, name);
        if at.is_empty() && OWN.contains(&name.as_str()) {
            return true;
        }
        match field(schema, name) {
            Some(schema) => walk(schema, value, &path, unknown),
            None if open => {}
            None => {
                unknown(&path);
                return false;
            }
        }
        true
    });
    for (name, schema) in properties(schema) {
        if let Some(default) = schema.get("default").filter(|_| !map.contains_key(name)) {
            let mut default = default.clone();
            walk(schema, &mut default, &join(at, name), &mut |_| {});
            map.insert(name.clone(), default);
        }
    }
}
