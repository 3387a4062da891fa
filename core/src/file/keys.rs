//! Unknown and missing keys, by the schema: all of them, at any depth.

use std::collections::HashSet;

use serde_json::Value;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    Span,
    allowed::{Keys, Standing},
    mistake::{Mistake, place},
    path::{Path, Segment},
    shape::Shape,
};
use crate::nearest;

/// What the keys of a value have wrong.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) mistakes: Vec<Mistake>,
    /// The tables in which something is wrong, and those around them: what else is said about these may only be a
    /// consequence.
    pub(super) damaged: HashSet<Span>,
}

/// Checks the keys of a value, and takes the unknown ones out of it.
pub(super) fn check(shape: &Shape, path: &Path, value: &mut Spanned<DeValue<'_>>) -> Findings {
    let mut walk = Walk { shape, trail: Vec::new(), path: path.clone(), findings: Findings::default() };
    walk.value(shape.root(), value);
    walk.findings
}

struct Walk<'s> {
    shape: &'s Shape,
    trail: Vec<Span>,
    path: Path,
    findings: Findings,
}

impl<'s> Walk<'s> {
    fn value(&mut self, schema: &'s Value, value: &mut Spanned<DeValue<'_>>) {
        self.trail.push(value.span());
        match value.get_mut() {
            DeValue::Table(table) => self.table(schema, table),
            DeValue::Array(array) => {
                if let Some(items) = self.shape.items(schema) {
                    for (index, item) in array.iter_mut().enumerate() {
                        self.inside(Segment::Index(index), items, item);
                    }
                }
            }
            _ => {}
        }
        self.trail.pop();
    }

    fn table(&mut self, schema: &'s Value, table: &mut DeTable<'_>) {
        let Some(keys) = self.shape.keys(schema, table) else { return };
        let known = keys.names();
        let mut unknown = Vec::new();
        for (key, value) in table.iter_mut() {
            let name = key.get_ref().to_string();
            match keys.standing(&name) {
                Standing::Known(schema) => self.inside(Segment::Key(name), schema, value),
                Standing::Unknown => unknown.push((name, key.span())),
            }
        }
        self.missing(&keys, &known, table, &unknown);
        for (key, at) in unknown {
            table.remove(key.as_str());
            let (path, hint) = (self.path.clone(), nearest::hint(&key, &known));
            self.find(Mistake::UnknownKey { path, hint, key, at: place(&at) });
        }
    }

    /// A key that is there with a typing mistake is not reported a second time as missing.
    fn missing(&mut self, keys: &Keys<'s>, known: &[&str], table: &DeTable<'_>, unknown: &[(String, Span)]) {
        let meant: Vec<_> = unknown.iter().filter_map(|(name, _)| nearest::nearest(name, known)).collect();
        for key in &keys.required {
            if keys.present(key, table) || meant.iter().any(|meant| keys.same(key, meant)) {
                continue;
            }
            let what = keys.schema(key).and_then(description).unwrap_or_default();
            let help = format!("add `{key} = …`{}{what}", if what.is_empty() { "" } else { ": " });
            let at = place(self.trail.last().expect("the table itself is on the trail"));
            self.find(Mistake::MissingKey { path: self.path.clone(), key: (*key).to_owned(), help, at });
        }
    }

    fn inside(&mut self, segment: Segment, schema: &'s Value, value: &mut Spanned<DeValue<'_>>) {
        let outside = std::mem::take(&mut self.path);
        self.path = outside.join([segment]);
        self.value(schema, value);
        self.path = outside;
    }

    fn find(&mut self, mistake: Mistake) {
        self.findings.mistakes.push(mistake);
        self.findings.damaged.extend(self.trail.iter().cloned());
    }
}

/// The first paragraph of what a schema says a value is for.
pub(super) fn description(schema: &Value) -> Option<&str> {
    schema.get("description")?.as_str()?.split("\n\n").next()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use miette::Diagnostic;
    use schemars::JsonSchema;
    use toml::de::DeTable;

    use super::*;

    /// What is unknown (`-`) and what is missing (`+`) in a text that should be a `T`.
    fn found<T: JsonSchema>(text: &str) -> Vec<String> {
        let table = DeTable::parse(text).expect("it is TOML").into_inner();
        let mut value = Spanned::new(0..0, DeValue::Table(table));
        let findings = check(&Shape::of::<T>(), &Path::default(), &mut value);
        let short = |mistake: &Mistake| match mistake {
            Mistake::UnknownKey { path, key, .. } => format!("{path} -{key}"),
            Mistake::MissingKey { path, key, .. } => format!("{path} +{key}"),
            other => panic!("{:?}", other.code().map(|code| code.to_string())),
        };
        findings.mistakes.iter().map(short).collect()
    }

    #[derive(JsonSchema)]
    #[serde(tag = "type", rename_all = "lowercase")]
    #[expect(dead_code, reason = "only its schema matters here")]
    enum Tagged {
        Circle { radius: u32 },
        Square { side: u32, round: Option<bool> },
    }

    #[test]
    fn a_tag_decides_which_keys_there_are() {
        assert_eq!(found::<Tagged>("type = 'square'\nradius = 1"), ["the graph file +side", "the graph file -radius"]);
        assert_eq!(found::<Tagged>("type = 'circle'\nradius = 1"), [""; 0]);
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema matters here")]
    struct Tree {
        name: String,
        children: Option<Vec<Tree>>,
        only: Option<Box<Tree>>,
    }

    #[test]
    fn types_within_themselves_are_followed() {
        let text = "name = 'a'\nchildren = [{ name = 'b', only = { nam = 'c' } }, { name = 'd', x = 1 }]";
        assert_eq!(found::<Tree>(text), ["`children[0].only` -nam", "`children[1]` -x"]);
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema matters here")]
    struct Flat {
        name: String,
        #[serde(flatten)]
        tagged: Tagged,
    }

    #[test]
    fn what_is_flattened_has_the_keys_of_both() {
        assert_eq!(found::<Flat>("name = 'a'\ntype = 'circle'\nradius = 1"), [""; 0]);
        assert_eq!(
            found::<Flat>("type = 'circle'\nside = 1"),
            ["the graph file +name", "the graph file +radius", "the graph file -side"]
        );
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema matters here")]
    struct Open {
        by_name: BTreeMap<String, Tree>,
        any: Option<serde_json::Value>,
        #[schemars(extend("x-aliases" = ["ttl"]))]
        token_ttl: u32,
    }

    #[test]
    fn maps_take_any_key_and_aliases_are_keys() {
        let text = "ttl = 1\nany = { a = { b = 1 } }\nby_name = { x = { name = 'x' }, y = {} }";
        assert_eq!(found::<Open>(text), ["`by_name.y` +name"]);
    }
}
