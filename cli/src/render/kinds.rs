//! The kinds of steps: the list, and every key of one.

use serde_json::Value;
use trustpath_core::Kind;

use super::{plain::line, style::Style, table::table, wrap::wrap};

/// The kinds, a line each.
pub(crate) fn list(kinds: &[&'static Kind]) -> String {
    let row = |kind: &&Kind| [kind.name().to_owned(), kind.about().to_owned()];
    table(["KIND", "BUILDS"], &kinds.iter().map(row).collect::<Vec<_>>())
}

/// A kind and every key of its `with` table. `schema` is that of the table.
pub(crate) fn described(kind: &Kind, schema: &Value) -> String {
    let mut text = format!("{}\n{}.\n", Style::Strong.of(kind.name()), kind.about().trim_end_matches('.'));
    let with = KeyTable { schema }.resolved(schema);
    let about = description(with);
    if !about.is_empty() {
        text += &format!("\n{}\n", wrapped(&about, ""));
    }
    text += &format!("\n[steps.NAME]\nuses = \"{}\"\n\n{}\n", kind.name(), Style::Strong.of("Keys of `with`:"));
    KeyTable { schema }.table(with, "  ", 0, &mut text);
    text
}

/// How deep tables inside of tables are shown.
const DEEPEST: usize = 4;
/// How many words of a list inside of something else are spelled out.
const MANY: usize = 4;

struct KeyTable<'a> {
    schema: &'a Value,
}

impl<'a> KeyTable<'a> {
    fn table(&self, table: &'a Value, indent: &str, depth: usize, text: &mut String) {
        let Some(Value::Object(keys)) = table.get("properties") else { return };
        let required = table.get("required").and_then(Value::as_array);
        for (key, schema) in keys {
            let needed = required.is_some_and(|required| required.iter().any(|name| name == key));
            self.key(key, schema, needed, indent, text);
            let inner = self.resolved(schema);
            if depth < DEEPEST && inner.get("properties").is_some() {
                self.table(inner, &format!("{indent}  "), depth + 1, text);
            }
        }
    }

    fn key(&self, key: &str, schema: &'a Value, needed: bool, indent: &str, text: &mut String) {
        let kind = self.kind(schema, usize::MAX);
        let default = schema.get("default").filter(|default| !default.is_null());
        let state = match default {
            _ if needed => Style::Careful.of("required"),
            Some(default) => Style::Quiet.of(format!("default {}", line(&default.to_string()))),
            None => Style::Quiet.of("optional"),
        };
        *text += &format!("{indent}{}  {}  {state}\n", Style::Strong.of(line(key)), Style::Quiet.of(kind));
        let about = description(schema);
        let about = if about.is_empty() { description(self.resolved(schema)) } else { about };
        if !about.is_empty() {
            *text += &format!("{}\n", wrapped(&about, &format!("{indent}    ")));
        }
    }

    /// What a value may be; where it may be one of so many words, those.
    fn kind(&self, schema: &'a Value, many: usize) -> String {
        let schema = self.resolved(schema);
        if let Some(Value::Array(words)) = schema.get("enum") {
            return match words.len() <= many {
                true => words.iter().map(|word| line(&word.to_string())).collect::<Vec<_>>().join(" | "),
                false => "word".to_owned(),
            };
        }
        if let Some(only) = schema.get("const") {
            return only.to_string();
        }
        for choice in ["anyOf", "oneOf"] {
            if let Some(Value::Array(choices)) = schema.get(choice) {
                return either(choices.iter().map(|schema| self.kind(schema, MANY)));
            }
        }
        match schema.get("type") {
            Some(Value::String(kind)) => self.named(kind, schema),
            Some(Value::Array(kinds)) => {
                either(kinds.iter().filter_map(Value::as_str).map(|kind| self.named(kind, schema)))
            }
            _ => "any".to_owned(),
        }
    }

    fn named(&self, kind: &str, schema: &'a Value) -> String {
        match (kind, schema.get("items"), schema.get("additionalProperties")) {
            ("array", Some(items), _) => format!("list of {}", self.kind(items, MANY)),
            ("object", _, Some(values)) if values.is_object() => format!("table of {}", self.kind(values, MANY)),
            ("object", ..) => "table".to_owned(),
            _ => kind.to_owned(),
        }
    }

    /// The schema that a reference stands for; a nullable reference is one too.
    fn resolved(&self, schema: &'a Value) -> &'a Value {
        if let Some(Value::String(reference)) = schema.get("$ref") {
            return self.schema.pointer(reference.trim_start_matches('#')).unwrap_or(schema);
        }
        let Some(Value::Array(choices)) = schema.get("anyOf") else { return schema };
        let mut real = choices.iter().filter(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
        match (real.next(), real.next()) {
            (Some(only), None) => self.resolved(only),
            _ => schema,
        }
    }
}

/// Each of several kinds once.
fn either(kinds: impl Iterator<Item = String>) -> String {
    let mut told: Vec<String> = Vec::new();
    for kind in kinds.filter(|kind| kind != "null") {
        if !told.contains(&kind) {
            told.push(kind);
        }
    }
    told.join(" | ")
}

fn description(schema: &Value) -> String {
    line(schema.get("description").and_then(Value::as_str).unwrap_or_default())
}

fn wrapped(text: &str, indent: &str) -> String {
    const WIDTH: usize = 96;
    wrap(text, WIDTH, indent, indent)
}
