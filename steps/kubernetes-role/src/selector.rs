//! A label selector, which servers keep as the JSON text that was written.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

/// A Kubernetes label selector: `matchLabels` and `matchExpressions`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub(crate) struct LabelSelector(Map<String, Value>);

const KEYS: [&str; 2] = ["matchExpressions", "matchLabels"];

/// Whether two texts are JSON of the same selector.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    let selector = |text: &Value| serde_json::from_str::<Map<String, Value>>(text.as_str()?).ok();
    selector(one).is_some_and(|one| Some(one) == selector(other))
}

impl TryFrom<Value> for LabelSelector {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let selector =
            match value {
                Value::Object(selector) => selector,
                Value::String(text) => {
                    serde_json::from_str(&text).map_err(|error| format!("it is no JSON object: {error}"))?
                }
                _ => return Err(
                    "it takes a label selector: a table with `matchLabels` or `matchExpressions`, or the same as JSON"
                        .into(),
                ),
            };
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
impl fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Value::Object(self.0.clone()))
    }
}

impl Serialize for LabelSelector {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl JsonSchema for LabelSelector {
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

    fn read(value: Value) -> Result<LabelSelector, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn a_table_and_its_json_are_the_same() {
        let table = read(json!({"matchLabels": {"team": "apps"}})).unwrap();
        assert_eq!(read(json!("{ \"matchLabels\": {\"team\":\"apps\"} }")).unwrap(), table);
        let is = |text: &str| same(&json!(text), &json!(table));
        assert!(is("{\"matchLabels\" : {\"team\" : \"apps\"}}"));
        assert!(!is("{\"matchLabels\": {\"team\": \"other\"}}") && !is("") && !is("[]"));
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
