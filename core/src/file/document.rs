//! The texts as one document: its values, and where each of them stands.

use serde_json::{Map, Value};
use toml::{
    Spanned,
    de::{DeInteger, DeTable, DeValue},
};

use super::{
    Span,
    mistake::FileMistake,
    path::{KeyPath, Segment},
};

/// A document, and what was found wrong with it.
pub(super) struct FileDocument<'t> {
    pub(super) root: DeValue<'t>,
    pub(super) mistakes: Vec<FileMistake>,
    /// Steps that it should have could not be read.
    pub(super) lacks_steps: bool,
}

/// A value, where it stands, and where its key does.
struct KnownKeys<'d, 't> {
    key: Span,
    place: Span,
    value: &'d DeValue<'t>,
}

impl<'t> FileDocument<'t> {
    pub(super) fn new(root: DeTable<'t>, mistakes: Vec<FileMistake>) -> Self {
        Self { root: DeValue::Table(root), mistakes, lacks_steps: false }
    }

    /// Its values as plain data.
    pub(super) fn json(&self) -> Value {
        json(&self.root)
    }

    /// Where a value stands; for one that is missing, what is around it.
    pub(super) fn place(&self, path: &KeyPath) -> Span {
        self.found(path).place
    }

    /// Where the key of a value stands.
    pub(super) fn key_place(&self, path: &KeyPath) -> Span {
        self.found(path).key
    }

    /// Where a list has this text; where it has not, the list.
    pub(super) fn item_place(&self, list: &KeyPath, text: &str) -> Span {
        let KnownKeys { place, value, .. } = self.found(list);
        let mut items = value.as_array().into_iter().flatten();
        items.find(|item| item.get_ref().as_str() == Some(text)).map_or(place, Spanned::span)
    }

    /// The type of a value, in TOML's words.
    pub(super) fn kind(&self, path: &KeyPath) -> &'static str {
        self.found(path).value.type_str()
    }

    fn found(&self, path: &KeyPath) -> KnownKeys<'_, 't> {
        let mut found = KnownKeys { key: 0..0, place: 0..0, value: &self.root };
        for segment in &path.0 {
            let next = match (found.value, segment) {
                (DeValue::Table(table), Segment::Key(key)) => {
                    table.get_key_value(key.as_str()).map(|(key, value)| (key.span(), value))
                }
                (DeValue::Array(items), Segment::Index(index)) => items.get(*index).map(|item| (item.span(), item)),
                _ => None,
            };
            let Some((key, value)) = next else { break };
            found = KnownKeys { key, place: value.span(), value: value.get_ref() };
        }
        found
    }
}

/// The same value as JSON; `null`, which TOML does not have, where JSON has nothing that is the same.
pub(super) fn json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => text.as_ref().into(),
        DeValue::Integer(integer) => integer_json(integer),
        DeValue::Float(float) => float.as_str().parse::<f64>().map_or(Value::Null, Value::from),
        DeValue::Boolean(boolean) => (*boolean).into(),
        DeValue::Datetime(_) => Value::Null,
        DeValue::Array(array) => array.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::Table(table) => Value::Object(object(table)),
    }
}

fn object(table: &DeTable<'_>) -> Map<String, Value> {
    table.iter().map(|(key, value)| (key.get_ref().to_string(), json(value.get_ref()))).collect()
}

fn integer_json(integer: &DeInteger<'_>) -> Value {
    let signed = i64::from_str_radix(integer.as_str(), integer.radix()).map(Value::from);
    let unsigned = || u64::from_str_radix(integer.as_str(), integer.radix()).map(Value::from);
    signed.or_else(|_| unsigned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> FileDocument<'_> {
        FileDocument::new(DeTable::parse(text).unwrap().into_inner(), Vec::new())
    }

    #[test]
    fn every_type_has_its_json_or_none() {
        let text = "i = 0x10\nbig = 18446744073709551615\nhuge = 99999999999999999999\nf = 1.5\nn = nan\nb = true
                    d = 2026-01-02\na = [1, 'x']\nt = { k = 'v' }";
        let expected = serde_json::json!({
            "i": 16, "big": 18446744073709551615u64, "huge": null, "f": 1.5, "n": null, "b": true,
            "d": null, "a": [1, "x"], "t": { "k": "v" },
        });
        assert_eq!(document(text).json(), expected);
    }

    #[test]
    fn what_is_missing_has_the_place_of_what_is_around_it() {
        let document = document("a = [1, { b = 2 }]");
        let item = KeyPath::of(["a"]).on(Segment::Index(1));
        assert_eq!((document.key_place(&item.key("b")), document.place(&item.key("b"))), (10..11, 14..15));
        assert_eq!(document.place(&item.key("c").key("d")), 8..17);
        assert_eq!(document.place(&KeyPath::of(["x"])), 0..0);
    }
}
