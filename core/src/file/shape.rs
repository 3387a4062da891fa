//! A JSON Schema, as far as tables and their keys go.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value};

use super::{generate::generated, path::Segment};

/// A schema with the definitions that it refers to.
pub(super) struct Shape(Value);

/// What one table may and must hold.
pub(super) struct SchemaKeys<'s> {
    /// The schema of each known key.
    known: Vec<(&'s str, &'s Value)>,
    /// Those that must be there.
    pub(super) required: Vec<&'s str>,
    /// The schema of all others.
    rest: &'s Value,
}

/// A schema, or one within it.
struct Branch<'s> {
    schema: &'s Value,
    /// It holds whichever alternatives are meant.
    is_certain: bool,
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

    /// What a table may hold by this schema: of alternatives that are as like, what any of them may.
    pub(super) fn keys<'s>(&'s self, schema: &'s Value, table: &Map<String, Value>) -> SchemaKeys<'s> {
        let branches = self.branches(schema, &|choice| known_keys(choice, table));
        let known = branches.iter().flat_map(|branch| properties(branch.schema)).collect();
        let certain = branches.iter().filter(|branch| branch.is_certain);
        let required = certain.flat_map(|branch| list(branch.schema, "required")).filter_map(Value::as_str).collect();
        let mut rests: Vec<_> = branches.iter().filter_map(|branch| rest(branch.schema)).collect();
        rests.sort_by_key(|rest| *rest == NOTHING);
        SchemaKeys { known, required, rest: rests.first().copied().unwrap_or(ANYTHING) }
    }

    /// Whether it takes tables alone.
    pub(super) fn is_table(&self, schema: &Value) -> bool {
        let absent = |schema: &Value| types(schema).is_some_and(|types| types == ["null"]);
        let only = |choices: &Vec<Value>| choices.iter().all(|choice| absent(choice) || self.is_table(choice));
        let says = types(schema).is_some_and(|types| types == ["object"] || types == ["object", "null"]);
        says || self.parts(schema).any(|part| self.is_table(part)) || choices(schema).any(only)
    }

    /// Whether a table by this schema is one value, which is never joined with another. A field says so by
    /// `#[schemars(extend("x-one-value" = true))]`.
    pub(super) fn is_one_value(&self, schema: &Value) -> bool {
        self.says(schema, "x-one-value")
    }

    /// Whether a text in the place of such a value may be the secret that the value says where to find. A type says so by
    /// `#[schemars(extend("x-secret" = true))]`.
    pub(super) fn is_of_secret(&self, schema: &Value) -> bool {
        self.says(schema, "x-secret")
    }

    fn says(&self, schema: &Value, word: &str) -> bool {
        self.branches(schema, &|_| Some(0)).iter().any(|branch| branch.schema.get(word).is_some())
    }

    /// Whether one of the alternatives of a schema, where it has some, knows all keys of a table.
    pub(super) fn has_choice_with(&self, schema: &Value, table: &Map<String, Value>) -> bool {
        let knows = |choice: &Value| {
            self.branches(choice, &|_| None).iter().any(|branch| known_keys(branch.schema, table) == Some(table.len()))
        };
        choices(schema).all(|choices| choices.iter().any(knows))
            && self.parts(schema).all(|part| self.has_choice_with(part, table))
    }

    /// The schema of the items of an array.
    pub(super) fn items<'s>(&'s self, schema: &'s Value) -> &'s Value {
        self.branches(schema, &|_| Some(0)).iter().find_map(|branch| branch.schema.get("items")).unwrap_or(ANYTHING)
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
        let branches = self.branches(schema, &|_| Some(0));
        let words = |word| branches.iter().flat_map(move |branch| list(branch.schema, word)).filter_map(Value::as_str);
        let constants = branches.iter().filter_map(|branch| branch.schema.get("const")?.as_str());
        let texts: Vec<_> = constants.chain(words("enum")).collect();
        let keys: Vec<_> = words("required").filter(|_| !texts.is_empty()).collect();
        [texts, keys].concat()
    }

    /// A schema and every one within it that is about the same value: of alternatives those that are likest.
    fn branches<'s>(&'s self, schema: &'s Value, likeness: Likeness<'_>) -> Vec<Branch<'s>> {
        let mut branches = vec![Branch { schema, is_certain: true }];
        branches.extend(self.parts(schema).flat_map(|part| self.branches(part, likeness)));
        for choices in choices(schema) {
            let likest = choices.iter().filter_map(likeness).max();
            let meant: Vec<_> =
                choices.iter().filter(|choice| likest.is_some() && likeness(choice) == likest).collect();
            let inner = meant.iter().flat_map(|choice| self.branches(choice, likeness));
            let alone = meant.len() == 1;
            branches.extend(inner.map(|branch| Branch { is_certain: branch.is_certain && alone, ..branch }));
        }
        branches
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

/// How like what is there an alternative is, where it may be meant at all.
type Likeness<'l> = &'l dyn Fn(&Value) -> Option<usize>;

/// How many keys of a table an alternative knows; none, where it takes no tables, or a tag in this one says otherwise.
fn known_keys(choice: &Value, table: &Map<String, Value>) -> Option<usize> {
    let there = || properties(choice).filter_map(|(key, schema)| Some((schema.get("const"), table.get(key)?)));
    let contradicts = |(tag, value): (Option<&Value>, &Value)| value.is_string() && tag.is_some_and(|tag| tag != value);
    let takes_tables = types(choice).is_none_or(|types| types.contains(&"object"));
    (takes_tables && !there().any(contradicts)).then(|| there().count())
}

fn properties(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flatten().map(|(key, schema)| (key.as_str(), schema))
}

/// What a schema says about all other keys, where it says something.
fn rest(schema: &Value) -> Option<&Value> {
    let said = schema.get("additionalProperties").or_else(|| schema.get("unevaluatedProperties"));
    // A struct that forgot to deny what it does not know would drop it without a word.
    said.or(schema.get("properties").map(|_| NOTHING)).or((schema == ANYTHING).then_some(ANYTHING))
}

impl<'s> SchemaKeys<'s> {
    /// The schema of a key; none, when there may be no such key.
    pub(super) fn schema(&self, key: &str) -> Option<&'s Value> {
        let schema = self.known.iter().find(|(name, _)| *name == key).map_or(self.rest, |(_, schema)| schema);
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
