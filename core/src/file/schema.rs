//! The JSON Schema of the whole graph file, with which an editor completes and checks it.

use schemars::{JsonSchema, Schema, SchemaGenerator, consts::meta_schemas, transform::transform_subschemas};
use serde_json::{Map, Value, json};

use super::{allowed::aliases, head::Head, shape::generator, steps::Frame};
use crate::contract::Kind;

/// The schema of a graph file whose `[connections]` are `C` and whose steps are of these kinds (draft 2020-12).
pub fn schema<C: JsonSchema>(kinds: &[&'static Kind]) -> Value {
    let mut generator = generator();
    let mut root = generator.subschema_for::<Head>();
    root.insert("$schema".into(), meta_schemas::DRAFT2020_12.into());
    root.insert("title".into(), "trustpath graph file".into());
    root.insert("description".into(), "Which steps, of which kinds, needing what.".into());
    root.insert("required".into(), json!(["steps"]));
    let steps = steps(&mut generator, kinds);
    let connections = generator.subschema_for::<C>();
    if let Some(Value::Object(properties)) = root.get_mut("properties") {
        properties.insert("connections".into(), connections.to_value());
        properties.insert("steps".into(), steps);
    }
    let definitions = generator.take_definitions(true);
    if !definitions.is_empty() {
        root.insert("$defs".into(), definitions.into());
    }
    tidy(&mut root);
    root.to_value()
}

fn steps(generator: &mut SchemaGenerator, kinds: &[&'static Kind]) -> Value {
    let frame = generator.subschema_for::<Frame>();
    let kinds: Vec<_> = kinds.iter().map(|kind| step(frame.clone(), kind, kind.schema(generator))).collect();
    json!({
        "description": "The steps, by name.",
        "type": "object",
        "minProperties": 1,
        "propertyNames": { "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$" },
        "additionalProperties": { "oneOf": kinds },
    })
}

/// What every step has, with the kind and its configuration filled in.
fn step(mut frame: Schema, kind: &Kind, with: Schema) -> Value {
    let configured = with.get("required").and_then(Value::as_array).is_some_and(|required| !required.is_empty());
    frame.insert("title".into(), kind.name().into());
    frame.insert("description".into(), kind.about().into());
    if let Some(Value::Object(properties)) = frame.get_mut("properties") {
        properties.insert("uses".into(), json!({ "const": kind.name(), "description": kind.about() }));
        properties.insert("with".into(), with.to_value());
    }
    if let (true, Some(Value::Array(required))) = (configured, frame.get_mut("required")) {
        required.push("with".into());
    }
    frame.to_value()
}

/// Says of every table what the loader does: keys that are not known are wrong, and aliases are known.
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

fn spell_out_aliases(schema: &mut Map<String, Value>) {
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    let mut spelled = Vec::new();
    for (key, value) in properties.iter() {
        spelled.extend(aliases(value).map(|alias| (key.clone(), alias.to_owned(), value.clone())));
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
