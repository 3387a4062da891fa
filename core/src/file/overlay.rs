//! Several texts as one: the later is laid over the earlier.

use std::mem;

use serde_json::{Map, Value};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    shape::Shape,
    steps::{Kinds, STEPS, USES, WITH},
};

/// How a text is laid over those before it: key by key, down to the tables that are one value to the kind of their step.
/// These are replaced as a whole: rules that were joined would grant what the earlier file grants, however narrow the later
/// one is.
#[derive(Clone, Copy)]
pub(super) struct Over<'k> {
    at: Position<'k>,
    /// A setting is about one key of such a table.
    is_setting: bool,
}

#[derive(Clone, Copy)]
enum Position<'k> {
    /// What no kind says anything of.
    Plain,
    /// The whole file.
    File(&'k Kinds),
    /// What is in `[steps]`.
    Steps(&'k Kinds),
    /// What is in a step of a kind.
    Step(&'k Shape),
    /// What is in its `with`, by the schema.
    With(&'k Shape, &'k Value),
}

impl<'k> Over<'k> {
    /// Of a whole text.
    pub(super) fn of(kinds: &'k Kinds, is_setting: bool) -> Self {
        Self { at: Position::File(kinds), is_setting }
    }

    /// Lays `over` onto `base`. Arrays are replaced as a whole. A table that both have keeps the place of the first, a
    /// value that is replaced takes the place of the second.
    pub(super) fn lay<'t>(self, base: &mut DeTable<'t>, over: DeTable<'t>) {
        for (key, mut value) in over {
            let name: &str = key.get_ref();
            if let (Some(DeValue::Table(old)), DeValue::Table(new)) =
                (base.get_mut(name).map(Spanned::get_mut), value.get_mut())
            {
                let below = self.below(name, old, new);
                if !below.replaces(old, new) {
                    below.lay(old, mem::take(new));
                    continue;
                }
            }
            base.remove(name);
            base.insert(key, value);
        }
    }

    /// How the tables under a key are laid one over the other.
    fn below(self, key: &str, old: &DeTable<'_>, new: &DeTable<'_>) -> Self {
        let at = match self.at {
            Position::File(kinds) if key == STEPS => Position::Steps(kinds),
            Position::Steps(kinds) => {
                let uses = new.get(USES).or(old.get(USES)).and_then(|uses| uses.get_ref().as_str());
                uses.and_then(|uses| kinds.get(uses)).map_or(Position::Plain, |(_, shape)| Position::Step(shape))
            }
            Position::Step(shape) if key == WITH => Position::With(shape, shape.root()),
            Position::With(shape, schema) => shape
                .keys(schema, &Map::new())
                .schema(key)
                .map_or(Position::Plain, |schema| Position::With(shape, schema)),
            _ => Position::Plain,
        };
        Self { at, ..self }
    }

    /// Whether the later of two tables takes the place of the earlier. Of alternatives, such as `{ file = … }` and
    /// `{ secret = … }`, one that is another one does.
    fn replaces(self, old: &DeTable<'_>, new: &DeTable<'_>) -> bool {
        let Position::With(shape, schema) = self.at else { return false };
        let keys = || old.keys().chain(new.keys()).map(|key| (key.get_ref().to_string(), Value::Null)).collect();
        !self.is_setting && shape.is_one_value(schema) || !shape.has_choice_with(schema, &keys())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use toml::de::DeTable;

    use super::*;
    use crate::file::{document::FileDocument, path::KeyPath};

    fn joined<'t>(texts: [&'t str; 2]) -> FileDocument<'t> {
        let [mut base, over] = texts.map(|text| DeTable::parse(text).unwrap().into_inner());
        Over { at: Position::Plain, is_setting: false }.lay(&mut base, over);
        FileDocument::new(base, Vec::new())
    }

    #[test]
    fn tables_merge_and_all_else_is_replaced() {
        let merged =
            joined(["a.b = { c = 1, d = [1, 2] }\na.e = 1\nf = 1", "a.b = { d = [3] }\na.e = { x = 1 }\ng = 2"]);
        let expected = json!({ "a": { "b": { "c": 1, "d": [3] }, "e": { "x": 1 } }, "f": 1, "g": 2 });
        assert_eq!(merged.json(), expected);
    }

    #[test]
    fn a_replaced_value_and_its_key_lie_where_the_later_text_has_them() {
        let (merged, path) = (joined(["a = 1", "\n\na = 2"]), KeyPath::of(["a"]));
        assert_eq!((merged.key_place(&path), merged.place(&path)), (2..3, 6..7));
    }
}
