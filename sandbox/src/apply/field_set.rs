//! A set of fields, and its form on the wire: `fieldsV1` (apimachinery, `FieldsV1`).

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::path::{Path, Step};
use crate::object;

/// The fields that a manager owns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldSet(BTreeSet<Path>);

impl FromIterator<Path> for FieldSet {
    fn from_iter<T: IntoIterator<Item = Path>>(paths: T) -> Self {
        Self(paths.into_iter().collect())
    }
}

impl FieldSet {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Path> {
        self.0.iter()
    }

    /// Whether a field at the path, or under it, is in the set.
    pub(crate) fn reaches(&self, path: &Path) -> bool {
        // Paths sort so that all that lie under one follow it at once.
        self.0.range(path..).next().is_some_and(|next| next.is_at_or_under(path))
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        Self(&self.0 | &other.0)
    }

    pub(crate) fn difference(&self, other: &Self) -> Self {
        Self(&self.0 - &other.0)
    }

    pub(crate) fn intersection(&self, other: &Self) -> Self {
        Self(&self.0 & &other.0)
    }

    /// The set as `fieldsV1`. A field that is in the set and has others under it is marked by `.`.
    pub(crate) fn encode(&self) -> Value {
        let mut root = Value::Object(Map::new());
        for path in &self.0 {
            let mut node = &mut root;
            for step in &path.0 {
                node = object::map(node).entry(step.encode()).or_insert(Value::Null);
                object::map(node);
            }
            if self.has_under(path) {
                object::map(node).insert(".".to_owned(), Value::Object(Map::new()));
            }
        }
        root
    }

    /// Reads `fieldsV1`; steps that it does not know (an index) are left out.
    pub(crate) fn decode(fields: &Value) -> Self {
        let mut set = Self::default();
        set.read(fields, &Path::default());
        set
    }

    fn read(&mut self, fields: &Value, at: &Path) {
        let Some(fields) = fields.as_object() else {
            return;
        };
        let leaf = fields.is_empty() || fields.contains_key(".");
        if leaf && !at.0.is_empty() {
            self.0.insert(at.clone());
        }
        for (name, under) in fields {
            if let Some(step) = Step::parse(name) {
                self.read(under, &at.with(step));
            }
        }
    }

    fn has_under(&self, path: &Path) -> bool {
        let after = (std::ops::Bound::Excluded(path), std::ops::Bound::Unbounded);
        self.0.range(after).next().is_some_and(|next| next.is_at_or_under(path))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(names: &[&str]) -> Path {
        Path(names.iter().map(|n| Step::Field((*n).to_owned())).collect())
    }

    #[test]
    fn encodes_as_the_api_server_does() {
        let item = field(&["secrets"]).with(Step::Key(r#"{"name":"a"}"#.to_owned()));
        let set: FieldSet =
            [field(&["data", "x"]), item.clone(), item.with(Step::Field("name".to_owned()))].into_iter().collect();
        let encoded = set.encode();
        assert_eq!(
            encoded,
            json!({
                "f:data": {"f:x": {}},
                "f:secrets": {"k:{\"name\":\"a\"}": {".": {}, "f:name": {}}},
            })
        );
        assert_eq!(FieldSet::decode(&encoded), set);
    }

    #[test]
    fn reaches_what_lies_under_a_path_and_not_its_neighbours() {
        let set: FieldSet = [field(&["a", "b"]), field(&["ab"])].into_iter().collect();
        assert!(set.reaches(&field(&["a"])));
        assert!(set.reaches(&field(&["a", "b"])));
        assert!(!set.reaches(&field(&["a", "b", "c"])));
        assert!(!set.reaches(&field(&["aa"])));
    }

    #[test]
    fn displays_paths_as_conflicts_name_them() {
        let path = field(&["metadata", "annotations", "example.com/x"]);
        assert_eq!(path.to_string(), ".metadata.annotations.example.com/x");
        let item = field(&["secrets"]).with(Step::Key(r#"{"name":"a"}"#.to_owned()));
        assert_eq!(item.to_string(), r#".secrets[name="a"]"#);
    }
}
