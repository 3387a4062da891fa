//! The JSON Schema of the whole graph file, with which an editor completes and checks it.

use schemars::{JsonSchema, Schema, SchemaGenerator, consts::meta_schemas, transform::transform_subschemas};
use serde_json::{Value, json};

use super::{generate::generated, head::Head, steps::Frame};
use crate::contract::Kind;

/// The schema of a graph file whose `[connections]` are `C` and whose steps are of these kinds (draft 2020-12).
pub fn schema<C: JsonSchema>(kinds: &[&'static Kind]) -> Value {
    generated(|generator| {
        let mut root = generator.subschema_for::<Head>();
        root.insert("$schema".into(), meta_schemas::DRAFT2020_12.into());
        root.insert("title".into(), "trustpath graph file".into());
        root.insert("description".into(), "Which steps, of which kinds, needing what.".into());
        root.insert("required".into(), json!(["steps"]));
        if let Some(Value::Object(properties)) = root.get_mut("properties") {
            properties.insert("steps".into(), steps(generator, kinds));
            properties.insert("connections".into(), generator.subschema_for::<C>().to_value());
        }
        root
    })
}

/// The schema of the `with` table of a kind, as it is once placeholders are filled in.
pub fn kind_schema(kind: &Kind) -> Value {
    generated(|generator| kind.schema(generator))
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
    let mut with = with;
    take_placeholders(&mut with);
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

/// A text that has a placeholder, which may become anything.
const PLACEHOLDER: &str = r"\{[A-Za-z][A-Za-z0-9_.-]*\}";

/// Whatever a kind wants, in the file there may be a text in its place.
fn take_placeholders(schema: &mut Schema) {
    transform_subschemas(&mut take_placeholders, schema);
    let Some(table) = schema.as_object_mut() else { return };
    if let Some(Value::String(pattern)) = table.get_mut("pattern") {
        *pattern = format!("{pattern}|{PLACEHOLDER}");
    } else if let Some(types) = table.get("type").filter(|types| !types.to_string().contains("\"string\"")).cloned() {
        let types = if let Value::Array(types) = types { types } else { vec![types] };
        table.insert("type".into(), types.into_iter().chain(["string".into()]).collect());
        table.insert("pattern".into(), PLACEHOLDER.into());
    }
    // Of alternatives several may be what it stands for.
    if let Some(choices) = table.shift_remove("oneOf") {
        table.insert("anyOf".into(), choices);
    }
    if let Some(Value::Array(choices)) = table.get_mut("anyOf") {
        choices.push(json!({ "type": "string", "pattern": PLACEHOLDER }));
    }
}
