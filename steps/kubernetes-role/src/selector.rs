//! A label selector, which servers keep as the JSON text that was written.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value};

/// A Kubernetes label selector: `matchLabels` and `matchExpressions`.
#[derive(Debug, Clone, PartialEq)]
pub struct Selector(Map<String, Value>);

const KEYS: [&str; 2] = ["matchExpressions", "matchLabels"];

impl Selector {
    /// Whether a text is JSON of the same selector.
    pub(crate) fn is(&self, text: &str) -> bool {
        serde_json::from_str::<Map<String, Value>>(text).is_ok_and(|there| there == self.0)
    }

    fn checked(selector: Map<String, Value>) -> Result<Self, String> {
        if selector.is_empty() {
            return Err("an empty selector selects every namespace: bind the namespace \"*\" instead".into());
        }
        match selector.keys().find(|key| !KEYS.contains(&key.as_str())) {
            Some(key) => Err(format!("a label selector has no `{key}`: {}", trustpath_core::nearest::hint(key, &KEYS))),
            None => Ok(Self(selector)),
        }
    }
}

/// As it is written to the server.
impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Value::Object(self.0.clone()))
    }
}

impl<'de> Deserialize<'de> for Selector {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Visitor)
    }
}

struct Visitor;

impl<'de> de::Visitor<'de> for Visitor {
    type Value = Selector;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a label selector: a table with `matchLabels` or `matchExpressions`, or the same as JSON")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Selector, E> {
        let selector =
            serde_json::from_str(text).map_err(|error| E::custom(format!("it is no JSON object: {error}")))?;
        Selector::checked(selector).map_err(E::custom)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, entries: A) -> Result<Selector, A::Error> {
        let selector = Map::deserialize(de::value::MapAccessDeserializer::new(entries))?;
        Selector::checked(selector).map_err(de::Error::custom)
    }
}

impl JsonSchema for Selector {
    fn schema_name() -> Cow<'static, str> {
        "Selector".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let requirement = serde_json::json!({
            "type": "object",
            "properties": {
                "key": {"type": "string"},
                "operator": {"enum": ["In", "NotIn", "Exists", "DoesNotExist"]},
                "values": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["key", "operator"],
            "additionalProperties": false,
        });
        json_schema!({
            "anyOf": [
                {
                    "type": "object",
                    "properties": {
                        "matchLabels": {"type": "object", "additionalProperties": {"type": "string"}},
                        "matchExpressions": {"type": "array", "items": requirement},
                    },
                    "additionalProperties": false,
                },
                {"description": "The same as JSON.", "type": "string"},
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Result<Selector, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn a_table_and_its_json_are_the_same() {
        let table = read(json!({"matchLabels": {"team": "apps"}})).unwrap();
        assert_eq!(read(json!("{ \"matchLabels\": {\"team\":\"apps\"} }")).unwrap(), table);
        assert!(table.is("{\"matchLabels\" : {\"team\" : \"apps\"}}"));
        assert!(!table.is("{\"matchLabels\": {\"team\": \"other\"}}") && !table.is("") && !table.is("[]"));
        assert_eq!(table.to_string(), "{\"matchLabels\":{\"team\":\"apps\"}}");
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        for (value, says) in [
            (json!({"matchLabel": {}}), "did you mean `matchLabels`?"),
            (json!("team=apps"), "no JSON object"),
            (json!({}), "selects every namespace"),
            (json!(3), "a label selector: a table"),
        ] {
            assert!(read(value.clone()).unwrap_err().contains(says), "{value}");
        }
    }
}
