//! A JSON Schema, as far as tables and their keys go.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value};

use super::{generate::generated, path::Segment};

/// A schema with the definitions that it refers to.
pub(super) struct Shape(Value);

/// What one table may and must hold.
#[derive(Debug, Default)]
pub(super) struct Keys<'s> {
    /// The schema of each known key.
    known: Vec<(&'s str, &'s Value)>,
    /// Those that must be there.
    pub(super) required: Vec<&'s str>,
    /// The schema of all others, where it says anything about them.
    rest: Option<&'s Value>,
}

/// The schema of what may be anything.
const ANYTHING: &Value = &Value::Bool(true);
/// The schema of what may not be there.
const NOTHING: &Value = &Value::Bool(false);

impl Shape {
    pub(super) fn of<T: JsonSchema>() -> Self {
        Self::from(SchemaGenerator::subschema_for::<T>)
    }

    pub(super) fn from(make: impl FnOnce(&mut SchemaGenerator) -> Schema) -> Self {
        Self(generated(make))
    }

    pub(super) fn root(&self) -> &Value {
        &self.0
    }

    /// What a table may hold by this schema: of several alternatives, what any of them may and all of them must.
    pub(super) fn keys<'s>(&'s self, schema: &'s Value, table: &Map<String, Value>) -> Keys<'s> {
        let mut keys = Keys::of(schema);
        for part in self.parts(schema) {
            keys = keys.and(self.keys(part, table));
        }
        for choices in choices(schema) {
            let tables = choices.iter().filter(|choice| types(choice).is_none_or(|types| types.contains(&"object")));
            let choices = tables.map(|choice| self.keys(choice, table));
            if let Some(any) = choices.filter(|choice| !choice.contradict(table)).reduce(Keys::or) {
                keys = keys.and(any);
            }
        }
        keys
    }

    /// Whether it takes tables alone.
    pub(super) fn is_table(&self, schema: &Value) -> bool {
        let absent = |schema: &Value| types(schema).is_some_and(|types| types == ["null"]);
        let only = |choices: &Vec<Value>| choices.iter().all(|choice| absent(choice) || self.is_table(choice));
        let says = types(schema).is_some_and(|types| types == ["object"] || types == ["object", "null"]);
        says || self.parts(schema).any(|part| self.is_table(part)) || choices(schema).any(only)
    }

    /// The schema of the items of an array.
    pub(super) fn items<'s>(&'s self, schema: &'s Value) -> &'s Value {
        self.branches(schema).into_iter().find_map(|branch| branch.get("items")).unwrap_or(ANYTHING)
    }

    /// The schema of the value at the end of a way from the root.
    pub(super) fn at(&self, way: &[Segment]) -> Option<&Value> {
        way.iter().try_fold(&self.0, |schema, segment| match segment {
            Segment::Index(_) => Some(self.items(schema)),
            Segment::Key(key) => self.keys(schema, &Map::new()).schema(key),
        })
    }

    /// What a schema takes where it takes no other texts: those, and the keys of tables that may stand for one.
    pub(super) fn texts<'s>(&'s self, schema: &'s Value) -> Vec<&'s str> {
        let branches = self.branches(schema);
        let constants = branches.iter().filter_map(|branch| branch.get("const"));
        let values = branches.iter().flat_map(|branch| list(branch, "enum"));
        let texts: Vec<_> = constants.chain(values).filter_map(Value::as_str).collect();
        let keys = branches.iter().flat_map(|branch| list(branch, "required")).filter(|_| !texts.is_empty());
        let keys: Vec<_> = keys.filter_map(Value::as_str).collect();
        [texts, keys].concat()
    }

    /// A schema and every one within it that is about the same value.
    fn branches<'s>(&'s self, schema: &'s Value) -> Vec<&'s Value> {
        let inner = self.parts(schema).chain(choices(schema).flatten()).flat_map(|inner| self.branches(inner));
        std::iter::once(schema).chain(inner).collect()
    }

    /// The schemas that hold together with this one.
    fn parts<'s>(&'s self, schema: &'s Value) -> impl Iterator<Item = &'s Value> {
        let reference = schema.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix('#'));
        reference.and_then(|pointer| self.0.pointer(pointer)).into_iter().chain(list(schema, "allOf"))
    }
}

/// Each set of schemas of which one holds.
fn choices(schema: &Value) -> impl Iterator<Item = &Vec<Value>> {
    ["oneOf", "anyOf"].into_iter().filter_map(|word| schema.get(word)?.as_array())
}

fn list<'s>(schema: &'s Value, word: &str) -> impl Iterator<Item = &'s Value> + use<'s> {
    schema.get(word).and_then(Value::as_array).into_iter().flatten()
}

/// The types of the values that a schema takes, where it says so.
fn types(schema: &Value) -> Option<Vec<&str>> {
    match schema.get("type") {
        Some(Value::String(name)) => Some(vec![name]),
        Some(Value::Array(names)) => Some(names.iter().filter_map(Value::as_str).collect()),
        _ => (schema.get("const").is_some() || schema.get("enum").is_some()).then(Vec::new),
    }
}

impl<'s> Keys<'s> {
    /// What one schema says, without those within it.
    fn of(schema: &'s Value) -> Self {
        let properties = schema.get("properties").and_then(Value::as_object);
        let known = properties.into_iter().flatten().map(|(key, schema)| (key.as_str(), schema)).collect();
        let required = list(schema, "required").filter_map(Value::as_str).collect();
        let said = schema.get("additionalProperties").or_else(|| schema.get("unevaluatedProperties"));
        // A struct that forgot to deny what it does not know would drop it without a word.
        let rest = said.or(properties.map(|_| NOTHING)).or((schema == ANYTHING).then_some(ANYTHING));
        Self { known, required, rest }
    }

    fn and(self, other: Self) -> Self {
        let required = [&*self.required, &*other.required].concat();
        self.with(other, required)
    }

    fn or(self, other: Self) -> Self {
        let required = self.required.iter().filter(|key| other.required.contains(key)).copied().collect();
        self.with(other, required)
    }

    fn with(self, other: Self, required: Vec<&'s str>) -> Self {
        let open = self.rest.filter(|rest| *rest != NOTHING);
        let rest = open.or(other.rest).or(self.rest);
        Self { known: [self.known, other.known].concat(), required, rest }
    }

    /// Whether a tag in the table says that another alternative is meant.
    fn contradict(&self, table: &Map<String, Value>) -> bool {
        self.known.iter().any(|(key, schema)| match (schema.get("const"), table.get(*key)) {
            (Some(tag), Some(Value::String(text))) => tag != text.as_str(),
            _ => false,
        })
    }

    /// The schema of a key; none, when there may be no such key.
    pub(super) fn schema(&self, key: &str) -> Option<&'s Value> {
        let known = self.known.iter().find(|(name, _)| *name == key);
        let schema = known.map(|(_, schema)| *schema).or(self.rest).unwrap_or(ANYTHING);
        (schema != NOTHING).then_some(schema)
    }

    /// The known keys.
    pub(super) fn names(&self) -> Vec<&'s str> {
        self.known.iter().map(|(key, _)| *key).collect()
    }
}

/// The first paragraph of what a schema says a value is for.
pub(super) fn description(schema: &Value) -> Option<&str> {
    schema.get("description")?.as_str()?.split("\n\n").next()
}
