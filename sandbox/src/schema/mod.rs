//! Custom resources against their structural schema: defaults, pruning, validation.
//!
//! Kept are the rules that this project's resources meet: types, required fields, enums, lengths
//! and counts. Patterns, formats and CEL are left to the real server.

mod prune;
mod typed;
mod validate;

use serde_json::Value;

pub(crate) use self::{
    prune::{prune_and_default, unknown_fields},
    typed::misfit,
    validate::validate,
};

/// Fields that the API machinery declares for every object.
const OWN: &[&str] = &["apiVersion", "kind", "metadata"];

/// The type that the schema wants, where the value is of another.
fn wrong_type<'a>(schema: &'a Value, value: &Value) -> Option<&'a str> {
    let is = type_of(value);
    let wanted = schema["type"].as_str()?;
    let fits = wanted == is || (wanted, is) == ("number", "integer") || (schema["nullable"] == true && value.is_null());
    (!fits).then_some(wanted)
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

fn field<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    let declared = schema.get("properties").and_then(|fields| fields.get(name));
    declared.or_else(|| schema.get("additionalProperties").filter(|s| s.is_object()))
}

fn is_open(schema: &Value) -> bool {
    schema["x-kubernetes-preserve-unknown-fields"] == true || schema["additionalProperties"] == true
}

fn is_own(at: &str, name: &str) -> bool {
    at.is_empty() && OWN.contains(&name)
}

fn join(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Value {
        json!({"type": "object", "properties": {"spec": {
            "type": "object", "required": ["server"],
            "properties": {
                "server": {"type": "string"},
                "version": {"type": "string", "enum": ["v1", "v2"], "default": "v2"},
                "auth": {"type": "object", "maxProperties": 1, "additionalProperties": {"type": "object"}},
                "ports": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer"}}}},
            },
        }}})
    }

    #[test]
    fn prunes_unknown_fields_and_fills_in_defaults() {
        let mut object = json!({"kind": "X", "spec": {"server": "s", "sever": 1, "ports": [{"m": 1}]}});
        assert_eq!(unknown_fields(&schema(), &object), ["spec.sever", "spec.ports[0].m"]);
        prune_and_default(&schema(), &mut object);
        let expected = json!({"kind": "X", "spec": {"server": "s", "ports": [{}], "version": "v2"}});
        assert_eq!(object, expected);
    }

    #[test]
    fn names_each_wrong_field() {
        let object = json!({"spec": {"version": "v3", "auth": {"a": {}, "b": {}}, "ports": [{"n": "x"}]}});
        let causes = validate(&schema(), &object);
        let said: Vec<_> = causes.iter().map(|c| format!("{}: {}", c.field, c.message)).collect();
        assert_eq!(
            said,
            [
                r#"spec.version: Unsupported value: "v3": supported values: "v1", "v2""#,
                "spec.auth: Too many: 2: must have at most 1 items",
                r#"spec.ports[0].n: Invalid value: "string": spec.ports[0].n in body must be of type integer: "string""#,
                "spec.server: Required value",
            ]
        );
    }
}
