//! JSON Schemas from types, as strict as the types are.

use schemars::{Schema, SchemaGenerator, generate::SchemaSettings, transform::transform_subschemas};
use serde_json::{Map, Value};

/// A schema with the definitions that it refers to. It says of every table what serde does: keys that are not known are
/// wrong, and aliases are known.
pub(super) fn generated(make: impl FnOnce(&mut SchemaGenerator) -> Schema) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut generator = settings.into_generator();
    let mut root = make(&mut generator);
    let definitions = generator.take_definitions(true);
    if !definitions.is_empty() {
        root.insert("$defs".into(), definitions.into());
    }
    tidy(&mut root);
    root.to_value()
}

fn tidy(schema: &mut Schema) {
    let Some(table) = schema.as_object_mut() else { return };
    spell_out_aliases(table);
    let mixed = COMPOSED.iter().any(|word| table.contains_key(*word)) && table.contains_key("properties");
    // The parts of a flattened enum each see the keys of the whole: to close one would shut the others out.
    if !mixed {
        close(table);
        transform_subschemas(&mut tidy, schema);
    }
}

const COMPOSED: [&str; 4] = ["allOf", "anyOf", "oneOf", "$ref"];

/// schemars passes over `#[serde(alias = "ttl")]`, so a key that has one says it again:
/// `#[schemars(extend("x-aliases" = ["ttl"]))]`.
fn spell_out_aliases(schema: &mut Map<String, Value>) {
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    let aliases = |value: &Value| value.get("x-aliases").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut spelled = Vec::new();
    for (key, value) in properties.iter() {
        spelled.extend(
            aliases(value).iter().filter_map(Value::as_str).map(|alias| (key.clone(), alias.to_owned(), value.clone())),
        );
    }
    for (_, alias, value) in &spelled {
        properties.insert(alias.clone(), value.clone());
    }
    // Either spelling will do, which `required` cannot say.
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.retain(|name| !spelled.iter().any(|(key, _, _)| name == key));
    }
}

fn close(schema: &mut Map<String, Value>) {
    let said = schema.contains_key("additionalProperties") || schema.contains_key("unevaluatedProperties");
    if schema.contains_key("properties") && !said {
        schema.insert("additionalProperties".into(), false.into());
    }
}
