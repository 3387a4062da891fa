//! Several tables into one: the later wins.

use toml::de::{DeTable, DeValue};

/// Lays `over` onto `base`. Tables merge at any depth; everything else is replaced, arrays as a whole. A table that
/// both have keeps the place of the first, a value that is replaced takes the place of the second.
pub(super) fn merge<'t>(base: &mut DeTable<'t>, over: DeTable<'t>) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::document::Document;

    fn table(text: &str) -> DeTable<'_> {
        DeTable::parse(text).unwrap().into_inner()
    }

    #[test]
    fn tables_merge_and_all_else_is_replaced() {
        let mut base = table("a.b = { c = 1, d = [1, 2] }\na.e = 1\nf = 1");
        merge(&mut base, table("a.b = { d = [3] }\na.e = { x = 1 }\ng = 2"));
        let merged = Document::new(base, Vec::new()).json();
        assert_eq!(merged, serde_json::json!({ "a": { "b": { "c": 1, "d": [3] }, "e": { "x": 1 } }, "f": 1, "g": 2 }));
    }

    #[test]
    fn a_replaced_value_and_its_key_lie_where_the_later_text_has_them() {
        let mut base = table("a = 1");
        merge(&mut base, table("\n\na = 2"));
        let (key, value) = base.iter().next().unwrap();
        assert_eq!((key.span(), value.span()), (2..3, 6..7));
    }
}
