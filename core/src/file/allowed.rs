//! What one table may and must hold.

use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

/// The extension that names other spellings of a key. schemars passes over `#[serde(alias = "ttl")]`, so a key that has
/// one says it again: `#[schemars(extend("x-aliases" = ["ttl"]))]`.
const ALIASES: &str = "x-aliases";

/// What one table may and must hold.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys<'s> {
    /// The schema of each known key.
    pub(super) known: Vec<(&'s str, &'s Value)>,
    /// Those that must be there.
    pub(super) required: Vec<&'s str>,
    rest: Rest<'s>,
}

/// What a schema says about all other keys.
#[derive(Debug, Clone, Copy, Default)]
enum Rest<'s> {
    #[default]
    Unsaid,
    Closed,
    Open(&'s Value),
}

/// How a key stands in a table.
pub(super) enum Standing<'s> {
    Known(&'s Value),
    Unknown,
}

impl<'s> Keys<'s> {
    /// Any keys, whose values have this schema.
    pub(super) fn any(schema: &'s Value) -> Self {
        Self { rest: Rest::Open(schema), ..Self::default() }
    }

    /// What one schema says, without those within it.
    pub(super) fn of(schema: &'s Map<String, Value>) -> Self {
        let properties = schema.get("properties").and_then(Value::as_object);
        let known = properties.into_iter().flatten().map(|(key, schema)| (key.as_str(), schema)).collect();
        let required = schema.get("required").and_then(Value::as_array);
        let required = required.into_iter().flatten().filter_map(Value::as_str).collect();
        let rest = schema.get("additionalProperties").or_else(|| schema.get("unevaluatedProperties"));
        let rest = match rest {
            Some(Value::Bool(false)) => Rest::Closed,
            Some(schema) => Rest::Open(schema),
            // A struct that forgot to deny what it does not know would drop it without a word.
            None if properties.is_some() => Rest::Closed,
            None => Rest::Unsaid,
        };
        Self { known, required, rest }
    }

    /// What both say together.
    pub(super) fn and(&self, other: &Self) -> Self {
        let rest = match (self.rest, other.rest) {
            (Rest::Unsaid, rest) | (rest, Rest::Unsaid) => rest,
            (Rest::Open(schema), _) | (_, Rest::Open(schema)) => Rest::Open(schema),
            (Rest::Closed, Rest::Closed) => Rest::Closed,
        };
        let known = [&*self.known, &*other.known].concat();
        Self { known, required: [&*self.required, &*other.required].concat(), rest }
    }

    /// The keys of all alternatives, of which none is evidently meant.
    pub(super) fn or_any_of(&self, alternatives: &[Self]) -> Self {
        let known = alternatives.iter().flat_map(|keys| keys.known.iter().copied()).collect();
        Self { known, required: Vec::new(), rest: self.rest }
    }

    /// How a key stands in such a table.
    pub(super) fn standing(&self, key: &str) -> Standing<'s> {
        let known = self.known.iter().find(|(name, schema)| *name == key || has_alias(schema, key));
        match (known, self.rest) {
            (Some((_, schema)), _) => Standing::Known(schema),
            (None, Rest::Open(schema)) => Standing::Known(schema),
            (None, Rest::Unsaid) => Standing::Known(&Value::Bool(true)),
            (None, Rest::Closed) => Standing::Unknown,
        }
    }

    /// Every name that a key may have.
    pub(super) fn names(&self) -> Vec<&'s str> {
        self.known.iter().flat_map(|(key, schema)| std::iter::once(*key).chain(aliases(schema))).collect()
    }

    /// The schema of a known key.
    pub(super) fn schema(&self, key: &str) -> Option<&'s Value> {
        self.known.iter().find(|(name, _)| *name == key).map(|(_, schema)| *schema)
    }

    /// Whether `name` is one of the names of `key`.
    pub(super) fn same(&self, key: &str, name: &str) -> bool {
        name == key || self.schema(key).is_some_and(|schema| has_alias(schema, name))
    }

    /// Whether a table has this key, under one of its names.
    pub(super) fn present(&self, key: &str, table: &DeTable<'_>) -> bool {
        table.keys().any(|there| self.same(key, there.get_ref()))
    }

    /// How many of a table's keys are known.
    pub(super) fn matches(&self, table: &DeTable<'_>) -> usize {
        self.known.iter().filter(|(key, _)| self.present(key, table)).count()
    }

    /// Whether a tag in the table says that it is another alternative.
    pub(super) fn contradicts(&self, table: &DeTable<'_>) -> bool {
        self.known.iter().any(|(key, schema)| {
            let tag = schema.get("const").and_then(Value::as_str);
            match (tag, table.get(*key).map(|value| value.get_ref())) {
                (Some(tag), Some(DeValue::String(text))) => text != tag,
                _ => false,
            }
        })
    }
}

fn has_alias(schema: &Value, key: &str) -> bool {
    aliases(schema).any(|alias| alias == key)
}

/// The other spellings of the key that this is the schema of.
pub(super) fn aliases(schema: &Value) -> impl Iterator<Item = &str> {
    schema.get(ALIASES).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}
