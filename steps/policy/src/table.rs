//! Rules as a table in the graph file.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer,
    de::{
        self,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};
use serde_json::Value as Json;
use trustpath_platform::{
    Ttl,
    policy::{Capability, Tree, Value},
};

/// What is allowed on one path.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PathRules {
    /// What may be done.
    pub(crate) capabilities: Vec<Capability>,
    /// The only parameters that may be sent, each with the values that it may have; `[]` for any. `"*"` stands for all
    /// other parameters.
    #[serde(default)]
    allowed_parameters: BTreeMap<String, Vec<Scalar>>,
    /// Parameters that may not be sent, each with the values that it may not have; `[]` for any.
    #[serde(default)]
    denied_parameters: BTreeMap<String, Vec<Scalar>>,
    /// Parameters that must be sent.
    #[serde(default)]
    required_parameters: Vec<String>,
    /// The least lifetime of a wrapped answer.
    min_wrapping_ttl: Option<Ttl>,
    /// The greatest lifetime of a wrapped answer.
    max_wrapping_ttl: Option<Ttl>,
}

/// A value of a parameter.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(try_from = "Json")]
#[schemars(extend("type" = ["string", "number", "boolean"]), with = "Json")]
struct Scalar(Value);

impl PathRules {
    /// As they stand in a policy.
    pub(crate) fn tree(&self) -> Tree {
        let capabilities = Tree::list(self.capabilities.iter().map(|one| Tree::text(one.name())));
        let mut entries = vec![("capabilities".to_owned(), capabilities)];
        for (name, values) in
            [("allowed_parameters", &self.allowed_parameters), ("denied_parameters", &self.denied_parameters)]
        {
            if !values.is_empty() {
                entries.push((name.to_owned(), parameters(values)));
            }
        }
        if !self.required_parameters.is_empty() {
            let required = Tree::list(self.required_parameters.iter().map(Tree::text));
            entries.push(("required_parameters".to_owned(), required));
        }
        for (name, ttl) in [("min_wrapping_ttl", self.min_wrapping_ttl), ("max_wrapping_ttl", self.max_wrapping_ttl)] {
            entries.extend(ttl.map(|ttl| (name.to_owned(), Tree::text(format!("{}s", ttl.as_seconds())))));
        }
        Tree::object(entries)
    }
}

fn parameters(parameters: &BTreeMap<String, Vec<Scalar>>) -> Tree {
    let values = |scalars: &[Scalar]| Tree::list(scalars.iter().map(|one| Tree { value: one.0.clone(), at: None }));
    Tree::object(parameters.iter().map(|(name, scalars)| (name.clone(), values(scalars))))
}

impl TryFrom<Json> for Scalar {
    type Error = &'static str;

    fn try_from(value: Json) -> Result<Self, &'static str> {
        match value {
            Json::Bool(value) => Ok(Self(Value::Bool(value))),
            Json::Number(number) => Ok(Self(Value::Number(number.to_string()))),
            Json::String(text) => Ok(Self(Value::Text(text))),
            Json::Null | Json::Array(_) | Json::Object(_) => Err("it takes a text, a number, true or false"),
        }
    }
}

/// One entry of the `rules` table: `"kv/data/*" = ["read"]`, `"kv/data/*" = { capabilities = … }`, or `file = "…"`.
pub(crate) enum PathRule {
    Rules(PathRules),
    File(String),
}

/// Reads a [`PathRule`]; only the key `file` may have a text.
pub(crate) struct PathRuleSeed {
    pub(crate) is_file: bool,
}

impl<'de> de::DeserializeSeed<'de> for PathRuleSeed {
    type Value = PathRule;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<PathRule, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> de::Visitor<'de> for PathRuleSeed {
    type Value = PathRule;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of capabilities such as [\"read\"], or a table with `capabilities`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<PathRule, E> {
        if self.is_file {
            Ok(PathRule::File(text.to_owned()))
        } else {
            Err(E::invalid_type(de::Unexpected::Str(text), &self))
        }
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, items: A) -> Result<PathRule, A::Error> {
        let capabilities = Vec::deserialize(SeqAccessDeserializer::new(items))?;
        Ok(PathRule::Rules(PathRules { capabilities, ..PathRules::default() }))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, entries: A) -> Result<PathRule, A::Error> {
        PathRules::deserialize(MapAccessDeserializer::new(entries)).map(PathRule::Rules)
    }
}
