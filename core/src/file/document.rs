//! The texts as one document: its values, and where each of them stands.

use serde_json::{Map, Value};
use toml::{
    Spanned,
    de::{DeInteger, DeTable, DeValue},
};

use super::{
    Span,
    mistake::Mistake,
    path::{Path, Segment},
};

/// A document, and what was found wrong with it.
pub(super) struct Document<'t> {
    root: DeValue<'t>,
    pub(super) mistakes: Vec<Mistake>,
}

/// A value, where it stands, and where its key does.
struct Found<'d, 't> {
    key: Span,
    place: Span,
    value: &'d DeValue<'t>,
}

impl<'t> Document<'t> {
    /// Of several tables the later wins.
    pub(super) fn new(tables: impl IntoIterator<Item = DeTable<'t>>, mistakes: Vec<Mistake>) -> Self {
        let mut root = DeTable::new();
        tables.into_iter().for_each(|table| merge(&mut root, table));
        Self { root: DeValue::Table(root), mistakes }
    }

    /// Its values as plain data.
    pub(super) fn json(&self) -> Value {
        json(&self.root)
    }

    /// Where a value stands; for one that is missing, what is around it.
    pub(super) fn place(&self, path: &Path) -> Span {
        self.found(path).place
    }

    /// Where the key of a value stands.
    pub(super) fn key_place(&self, path: &Path) -> Span {
        self.found(path).key
    }

    /// Where a list has this text; where it has not, the list.
    pub(super) fn item_place(&self, list: &Path, text: &str) -> Span {
        let Found { place, value, .. } = self.found(list);
        let mut items = value.as_array().into_iter().flatten();
        items.find(|item| item.get_ref().as_str() == Some(text)).map_or(place, Spanned::span)
    }

    /// The type of a value, in TOML's words.
    pub(super) fn kind(&self, path: &Path) -> &'static str {
        self.found(path).value.type_str()
    }

    fn found(&self, path: &Path) -> Found<'_, 't> {
        let mut found = Found { key: 0..0, place: 0..0, value: &self.root };
        for segment in &path.0 {
            let next = match (found.value, segment) {
                (DeValue::Table(table), Segment::Key(key)) => {
                    table.get_key_value(key.as_str()).map(|(key, value)| (key.span(), value))
                }
                (DeValue::Array(items), Segment::Index(index)) => items.get(*index).map(|item| (item.span(), item)),
                _ => None,
            };
            let Some((key, value)) = next else { break };
            found = Found { key, place: value.span(), value: value.get_ref() };
        }
        found
    }
}

/// Lays `over` onto `base`. Tables merge at any depth; everything else is replaced, arrays as a whole. A table that
/// both have keeps the place of the first, a value that is replaced takes the place of the second.
fn merge<'t>(base: &mut DeTable<'t>, over: DeTable<'t>) {
    for (key, value) in over {
        let name: &str = key.get_ref();
        match (base.get_mut(name).map(|old| old.get_mut()), value.get_ref()) {
            (Some(DeValue::Table(old)), DeValue::Table(_)) => {
                if let DeValue::Table(new) = value.into_inner() {
                    merge(old, new);
                }
            }
            _ => {
                base.remove(name);
                base.insert(key, value);
            }
        }
    }
}

/// The same value as JSON; `null`, which TOML does not have, where JSON has nothing that is the same.
fn json(value: &DeValue<'_>) -> Value {
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

    fn document<'t>(texts: &[&'t str]) -> Document<'t> {
        Document::new(texts.iter().map(|text| DeTable::parse(text).unwrap().into_inner()), Vec::new())
    }

    #[test]
    fn every_type_has_its_json_or_none() {
        let text = "i = 0x10\nbig = 18446744073709551615\nhuge = 99999999999999999999\nf = 1.5\nn = nan\nb = true
                    d = 2026-01-02\na = [1, 'x']\nt = { k = 'v' }";
        let expected = serde_json::json!({
            "i": 16, "big": 18446744073709551615u64, "huge": null, "f": 1.5, "n": null, "b": true,
            "d": null, "a": [1, "x"], "t": { "k": "v" },
        });
        assert_eq!(document(&[text]).json(), expected);
    }

    #[test]
    fn tables_merge_and_all_else_is_replaced() {
        let merged =
            document(&["a.b = { c = 1, d = [1, 2] }\na.e = 1\nf = 1", "a.b = { d = [3] }\na.e = { x = 1 }\ng = 2"]);
        let expected = serde_json::json!({ "a": { "b": { "c": 1, "d": [3] }, "e": { "x": 1 } }, "f": 1, "g": 2 });
        assert_eq!(merged.json(), expected);
    }

    #[test]
    fn a_replaced_value_and_its_key_lie_where_the_later_text_has_them() {
        let (merged, path) = (document(&["a = 1", "\n\na = 2"]), Path::of(["a"]));
        assert_eq!((merged.key_place(&path), merged.place(&path)), (2..3, 6..7));
    }

    #[test]
    fn what_is_missing_has_the_place_of_what_is_around_it() {
        let document = document(&["a = [1, { b = 2 }]"]);
        let item = Path::of(["a"]).on(Segment::Index(1));
        assert_eq!((document.key_place(&item.key("b")), document.place(&item.key("b"))), (10..11, 14..15));
        assert_eq!(document.place(&item.key("c").key("d")), 8..17);
        assert_eq!(document.place(&Path::of(["x"])), 0..0);
    }
}
