//! The three ways to say what a policy allows.

use std::{borrow::Cow, path::PathBuf};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use trustpath_platform::policy::{Capability, Tree, render};

use crate::{
    table::{PathRule, PathRuleSeed, PathRules},
    text::Text,
};

/// What a policy allows.
#[derive(Debug)]
pub(crate) enum RulesSource {
    /// In the graph file, as text or as a table.
    Given(Text),
    /// In a file of their own; a relative path is relative to the working directory.
    File(PathBuf),
}

impl<'de> Deserialize<'de> for RulesSource {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(RulesVisitor)
    }
}

struct RulesVisitor;

impl<'de> de::Visitor<'de> for RulesVisitor {
    type Value = RulesSource;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HCL as text, `{ file = \"…\" }`, or a table of paths with their capabilities")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<RulesSource, E> {
        Text::given(text).map(RulesSource::Given).map_err(|misread| E::custom(format!("it is no policy: {misread}")))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut entries: A) -> Result<RulesSource, A::Error> {
        let mut file = None;
        let mut paths = Vec::new();
        while let Some(name) = entries.next_key::<String>()? {
            match entries.next_value_seed(PathRuleSeed { is_file: name == "file" })? {
                PathRule::File(path) => file = Some(path),
                PathRule::Rules(rules) => paths.push((name, rules)),
            }
        }
        match file {
            Some(path) if paths.is_empty() => Ok(RulesSource::File(path.into())),
            Some(_) => Err(de::Error::custom("`file` stands alone: what the policy allows is either there or here")),
            None => from_table(paths),
        }
    }
}

fn from_table<E: de::Error>(mut paths: Vec<(String, PathRules)>) -> Result<RulesSource, E> {
    paths.sort_by(|one, other| one.0.cmp(&other.0));
    if let Some((path, _)) = paths.iter().find(|(_, rules)| rules.capabilities.is_empty()) {
        return Err(E::custom(format!("`{path}` has no capability; to forbid it, write [\"deny\"]")));
    }
    let policy = render(&Tree::paths(paths.into_iter().map(|(path, rules)| (path, rules.tree()))));
    Text::given(&policy).map(RulesSource::Given).map_err(|misread| E::custom(misread.why()))
}

impl JsonSchema for RulesSource {
    fn schema_name() -> Cow<'static, str> {
        "Rules".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let list = generator.subschema_for::<Vec<Capability>>();
        let detailed = generator.subschema_for::<PathRules>();
        json_schema!({
            "anyOf": [
                {
                    "description": "Paths with what may be done there.",
                    "type": "object",
                    "additionalProperties": {"anyOf": [list, detailed]},
                    "minProperties": 1,
                },
                {
                    "description": "A file that holds HCL or JSON, relative to the working directory.",
                    "type": "object",
                    "properties": {"file": {"type": "string"}},
                    "required": ["file"],
                    "additionalProperties": false,
                },
                {"description": "HCL or JSON.", "type": "string"},
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn rules(value: Value) -> Result<RulesSource, String> {
        serde_json::from_value::<RulesSource>(value).map_err(|error| error.to_string())
    }

    fn given(value: Value) -> Text {
        match rules(value) {
            Ok(RulesSource::Given(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_table_says_what_hcl_says() {
        let table = given(json!({"kv/data/apps/*": ["read"], "auth/token/create": {
            "capabilities": ["update"],
            "allowed_parameters": {"ttl": ["1h", 3600, true], "*": []},
            "denied_parameters": {"period": []},
            "required_parameters": ["ttl"],
            "min_wrapping_ttl": "90s",
            "max_wrapping_ttl": 5400,
        }}));
        let hcl = "path \"kv/data/apps/*\" { capabilities = [\"read\"] }\npath \"auth/token/create\" {\n  \
                   capabilities = [\"update\"]\n  allowed_parameters = {\n  \"*\" = []\n  ttl = [true, 3600, \"1h\"]\n  }\n  \
                   denied_parameters = { period = [] }\n  required_parameters = [\"ttl\"]\n  min_wrapping_ttl = \"1m30s\"\n  \
                   max_wrapping_ttl = \"1h30m\"\n}";
        assert_eq!(table.meaning, given(json!(hcl)).meaning);
        assert!(table.marked("g").contains("min_wrapping_ttl = \"90s\"\n"));
    }

    #[test]
    fn a_file_is_named_and_not_read() {
        let Ok(RulesSource::File(path)) = rules(json!({"file": "no/such.hcl"})) else { panic!("no file") };
        assert_eq!(path, PathBuf::from("no/such.hcl"));
        assert!(matches!(rules(json!({"file": ["read"]})), Ok(RulesSource::Given(_))), "a path may be called `file`");
    }

    #[test]
    fn a_mistake_says_what_belongs_there() {
        for (value, says) in [
            (json!({"a": "read"}), "expected a list of capabilities such as [\"read\"]"),
            (json!({"a": ["raed"]}), "unknown variant `raed`, expected one of `create`, `read`"),
            (json!({"a": []}), "`a` has no capability"),
            (json!({"a": {"capabilties": ["read"]}}), "unknown field `capabilties`, expected one of `capabilities`"),
            (json!({"a": {"capabilities": ["read"], "max_wrapping_ttl": "1w"}}), "`1w` is no duration"),
            (json!({"file": "x", "a": ["read"]}), "`file` stands alone"),
            (json!({}), "there is no path in it"),
            (json!("path \"a\" {\n capabilities = [\"raed\"]\n}"), "line 2, column 18: there is no capability `raed`"),
            (json!("path \"a\" {"), "it is no policy: line 1, column "),
            (json!(3), "expected HCL as text, `{ file = \"…\" }`, or a table"),
        ] {
            let said = rules(value.clone()).unwrap_err();
            assert!(said.contains(says), "{value}: {said}");
        }
    }
}
