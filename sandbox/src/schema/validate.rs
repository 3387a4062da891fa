//! Whether an object is valid.

use serde_json::Value;

use super::{field, is_own, join, type_of, wrong_type};
use crate::status::Cause;

/// What the schema has against the object, in the words of the API server.
pub(crate) fn validate(schema: &Value, object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    check(schema, object, "", &mut causes);
    causes
}

fn check(schema: &Value, value: &Value, at: &str, causes: &mut Vec<Cause>) {
    if let Some(wanted) = wrong_type(schema, value) {
        let is = type_of(value);
        let why = format!("{at} in body must be of type {wanted}: {is:?}");
        causes.push(Cause { reason: "FieldValueTypeInvalid", ..Cause::invalid(at, &is.into(), &why) });
        return;
    }
    causes.extend(not_in_enum(schema, value, at));
    causes.extend(out_of_bounds(schema, value, at));
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                if let Some(schema) = field(schema, name).filter(|_| !is_own(at, name)) {
                    check(schema, value, &join(at, name), causes);
                }
            }
            let required = schema["required"].as_array().into_iter().flatten();
            for name in required.filter_map(Value::as_str).filter(|name| !map.contains_key(*name)) {
                causes.push(Cause::required(join(at, name), ""));
            }
        }
        Value::Array(items) => {
            let Some(schema) = schema.get("items") else { return };
            for (index, item) in items.iter().enumerate() {
                check(schema, item, &format!("{at}[{index}]"), causes);
            }
        }
        _ => {}
    }
}

fn not_in_enum(schema: &Value, value: &Value, at: &str) -> Option<Cause> {
    let allowed = schema["enum"].as_array()?;
    if allowed.contains(value) {
        return None;
    }
    let list = allowed.iter().map(Value::to_string).collect::<Vec<_>>().join(", ");
    Some(Cause {
        reason: "FieldValueNotSupported",
        field: at.to_owned(),
        message: format!("Unsupported value: {value}: supported values: {list}"),
    })
}

fn out_of_bounds(schema: &Value, value: &Value, at: &str) -> Option<Cause> {
    let (size, low, high, verb) = match value {
        Value::String(s) => (s.chars().count(), "minLength", "maxLength", "be"),
        Value::Array(items) => (items.len(), "minItems", "maxItems", "have"),
        Value::Object(map) => (map.len(), "minProperties", "maxProperties", "have"),
        _ => return None,
    };
    let size = size as u64;
    let bound = |name: &str| schema[name].as_u64();
    if let Some(low) = bound(low).filter(|low| size < *low) {
        let unit = match value {
            Value::String(_) => "chars long",
            Value::Array(_) => "items",
            _ => "properties",
        };
        let why = format!("{at} in body should {verb} at least {low} {unit}");
        let shown = if value.is_string() { value.clone() } else { size.into() };
        return Some(Cause::invalid(at, &shown, &why));
    }
    let high = bound(high).filter(|high| size > *high)?;
    let (reason, message) = match value {
        Value::String(_) => ("FieldValueTooLong", format!("Too long: may not be more than {high} bytes")),
        _ => ("FieldValueTooMany", format!("Too many: {size}: must have at most {high} items")),
    };
    Some(Cause { reason, field: at.to_owned(), message })
}
