//! A JSON Schema, as far as tables and their keys go.

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value};
use toml::de::DeTable;

use super::{
    allowed::{Keys, Standing},
    path::Segment,
};

/// A schema with the definitions that it refers to.
pub(super) struct Shape {
    root: Value,
    definitions: Map<String, Value>,
}

pub(super) fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true).into_generator()
}

impl Shape {
    pub(super) fn of<T: JsonSchema>() -> Self {
        Self::from(SchemaGenerator::subschema_for::<T>)
    }

    pub(super) fn from(make: impl FnOnce(&mut SchemaGenerator) -> Schema) -> Self {
        let mut generator = generator();
        let root = make(&mut generator).to_value();
        Self { root, definitions: generator.take_definitions(true) }
    }

    /// With more keys, which may hold anything: what they hold is checked elsewhere.
    #[must_use]
    pub(super) fn with_keys(mut self, keys: &[&str]) -> Self {
        let properties =
            self.root.as_object_mut().map(|root| root.entry("properties").or_insert_with(|| Map::new().into()));
        if let Some(Value::Object(properties)) = properties {
            properties.extend(keys.iter().map(|key| ((*key).to_owned(), Value::Bool(true))));
        }
        self
    }

    pub(super) fn root(&self) -> &Value {
        &self.root
    }

    /// What a table may hold by this schema: of several alternatives the one that knows most of its keys. `None` when
    /// no table is expected.
    pub(super) fn keys<'s>(&'s self, schema: &'s Value, table: &DeTable<'_>) -> Option<Keys<'s>> {
        let mut alternatives = self.alternatives(schema);
        if alternatives.iter().any(|keys| !keys.contradicts(table)) {
            alternatives.retain(|keys| !keys.contradicts(table));
        }
        // The first of those that know as many.
        let best = alternatives.iter().rev().max_by_key(|keys| keys.matches(table))?;
        if alternatives.len() == 1 || best.matches(table) > 0 {
            return Some(best.clone());
        }
        Some(best.or_any_of(&alternatives))
    }

    /// The schema of the items of an array.
    pub(super) fn items<'s>(&'s self, schema: &'s Value) -> Option<&'s Value> {
        let all = self.branches(schema);
        all.into_iter().find_map(|branch| branch.get("items"))
    }

    /// The schema of the value at the end of a way from the root.
    pub(super) fn at<'s>(&'s self, way: &[Segment]) -> Option<&'s Value> {
        way.iter().try_fold(&self.root, |schema, segment| match segment {
            Segment::Index(_) => self.items(schema),
            Segment::Key(key) => self.alternatives(schema).into_iter().find_map(|keys| match keys.standing(key) {
                Standing::Known(schema) => Some(schema),
                Standing::Unknown => None,
            }),
        })
    }

    /// What a schema takes where it takes no other texts: those, and the keys of tables that may stand for one.
    pub(super) fn choices<'s>(&'s self, schema: &'s Value) -> Vec<&'s str> {
        let branches = self.branches(schema);
        let list = |word| branches.iter().filter_map(move |branch| branch.get(word)?.as_array()).flatten();
        let constants = branches.iter().filter_map(|branch| branch.get("const"));
        let texts: Vec<_> = constants.chain(list("enum")).filter_map(Value::as_str).collect();
        let keys = list("required").filter(|_| !texts.is_empty()).filter_map(Value::as_str).collect();
        [texts, keys].concat()
    }

    /// A schema and every alternative within it.
    fn branches<'s>(&'s self, schema: &'s Value) -> Vec<&'s Map<String, Value>> {
        let Value::Object(schema) = schema else { return Vec::new() };
        let referred = self.referred(schema).into_iter();
        let within = ["allOf", "oneOf", "anyOf"].into_iter().filter_map(|word| schema.get(word)?.as_array()).flatten();
        let inner = referred.chain(within).flat_map(|inner| self.branches(inner));
        std::iter::once(schema).chain(inner).collect()
    }

    fn alternatives<'s>(&'s self, schema: &'s Value) -> Vec<Keys<'s>> {
        let schema = match schema {
            Value::Bool(true) => return vec![Keys::any(schema)],
            Value::Object(schema) if takes_tables(schema) => schema,
            _ => return Vec::new(),
        };
        let mut all = vec![Keys::of(schema)];
        if let Some(referred) = self.referred(schema) {
            all = product(&all, &self.alternatives(referred));
        }
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            all = product(&all, &self.alternatives(part));
        }
        for word in ["oneOf", "anyOf"] {
            if let Some(Value::Array(choices)) = schema.get(word) {
                let choices: Vec<_> = choices.iter().flat_map(|choice| self.alternatives(choice)).collect();
                all = product(&all, &choices);
            }
        }
        all
    }

    fn referred(&self, schema: &Map<String, Value>) -> Option<&Value> {
        let name = schema.get("$ref")?.as_str()?.rsplit('/').next()?;
        self.definitions.get(name)
    }
}

fn takes_tables(schema: &Map<String, Value>) -> bool {
    match schema.get("type") {
        None => !schema.contains_key("const") && !schema.contains_key("enum"),
        Some(Value::Array(types)) => types.iter().any(|name| name == "object"),
        Some(name) => name == "object",
    }
}

fn product<'s>(left: &[Keys<'s>], right: &[Keys<'s>]) -> Vec<Keys<'s>> {
    left.iter().flat_map(|left| right.iter().map(|right| left.and(right))).collect()
}
