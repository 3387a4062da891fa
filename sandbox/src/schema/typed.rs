//! Reading a configuration by its schema, as server-side apply does before it merges.

use serde_json::Value;

use super::{field, is_open, is_own, wrong_type};

/// Why server-side apply cannot read the object by its schema, if so: the first field that is not
/// declared or of another type, in the words of structured-merge-diff.
pub(crate) fn misfit(schema: &Value, object: &Value) -> Option<String> {
    read(schema, object, "")
}

fn read(schema: &Value, value: &Value, at: &str) -> Option<String> {
    if let Some(wanted) = wrong_type(schema, value) {
        let wanted = match wanted {
            "object" => "map",
            "array" => "list",
            "integer" | "number" => "numeric (int or float)",
            other => other,
        };
        return Some(format!("{at}: expected {wanted}, got &value.valueUnstructured{{Value:{value}}}"));
    }
    match value {
        Value::Object(map) => map.iter().filter(|(name, _)| !is_own(at, name)).find_map(|(name, value)| {
            let path = format!("{at}.{name}");
            match field(schema, name) {
                Some(schema) => read(schema, value, &path),
                None => (!is_open(schema)).then(|| format!("{path}: field not declared in schema")),
            }
        }),
        Value::Array(items) => {
            let schema = schema.get("items")?;
            items.iter().enumerate().find_map(|(index, item)| read(schema, item, &format!("{at}[{index}]")))
        }
        _ => None,
    }
}
