//! From plain data to a type, or everything that is wrong with it: unknown and missing keys by the schema, and wrong
//! values by serde, by taking out each one that it stumbles over and trying again.

use serde_json::{Map, Value};
use serde_path_to_error::Segment as Named;

use super::{
    document::FileDocument,
    mistake::FileMistake,
    path::{KeyPath, Segment},
    shape::{SchemaKeys, Shape, description},
};
use crate::{contract::JsonError, mistake::quoted, nearest};

impl FileDocument<'_> {
    /// Makes what the value at a path stands for. Returns nothing when there is any mistake in it.
    pub(super) fn read<T>(
        &mut self,
        path: &KeyPath,
        mut value: Value,
        shape: &Shape,
        decode: impl Fn(Value) -> Result<T, JsonError>,
    ) -> Option<T> {
        let mut reading = Reading { document: self, root: path, shape, wrong: Vec::new(), taken: Vec::new() };
        reading.check(path, shape.root(), &mut value);
        loop {
            match decode(value.clone()) {
                Ok(made) => return reading.wrong.is_empty().then_some(made),
                Err(error) => reading.take_out(&mut value, &error)?,
            }
        }
    }

    pub(super) fn wrong_value(&self, path: &KeyPath, why: &str, help: &str) -> FileMistake {
        let mistake = FileMistake::new("wrong_value", format!("{path} is wrong: {why}"), help);
        mistake.at(self.place(path), "this value")
    }
}

struct Reading<'r, 't> {
    document: &'r mut FileDocument<'t>,
    root: &'r KeyPath,
    shape: &'r Shape,
    /// The paths of all mistakes.
    wrong: Vec<KeyPath>,
    /// Those of the values that were taken out.
    taken: Vec<KeyPath>,
}

impl Reading<'_, '_> {
    /// Checks the keys of a value at any depth, and takes the unknown ones out of it.
    fn check(&mut self, path: &KeyPath, schema: &Value, value: &mut Value) {
        let shape = self.shape;
        match value {
            Value::Null => {
                let why = "a date, `nan`, or a number of more than 64 bits cannot be kept in a journal";
                self.wrong(path, why, "write it as text, in quotes");
            }
            Value::Object(table) => self.check_table(path, &shape.keys(schema, table), table),
            _ if shape.is_table(schema) => {
                let kind = self.document.kind(path);
                let article = if kind.starts_with(['a', 'i']) { "an" } else { "a" };
                let why = format!("expected a table, found {article} {kind}");
                let help = "write it as a `[table]` of its own, or as `{ key = value }`";
                let mistake = self.document.wrong_value(path, &why, help);
                let hidden = shape.is_of_secret(schema).then(|| self.document.place(path));
                self.found(path, hidden.into_iter().fold(mistake, FileMistake::hiding));
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.check(&path.on(Segment::Index(index)), shape.items(schema), item);
                }
            }
            _ => {}
        }
    }

    fn check_table(&mut self, path: &KeyPath, keys: &SchemaKeys<'_>, table: &mut Map<String, Value>) {
        let mut unknown = Vec::new();
        for (key, value) in table.iter_mut() {
            match keys.schema(key) {
                Some(schema) => self.check(&path.key(key), schema, value),
                None => unknown.push(key.clone()),
            }
        }
        let known = keys.names();
        // A key that is there with a typing mistake is not reported a second time as missing.
        let meant: Vec<_> = unknown.iter().filter_map(|key| nearest::nearest(key, &known)).collect();
        for key in &keys.required {
            if !table.contains_key(*key) && !meant.contains(key) {
                self.missing(path, key, keys.schema(key).and_then(description));
            }
        }
        for key in unknown {
            table.remove(&key);
            let (path, message) = (path.key(&key), format!("{path} has no key {}", quoted(&key)));
            let mistake = FileMistake::new("unknown_key", message, nearest::hint(&key, &known));
            self.found(&path, mistake.at(self.document.key_place(&path), "unknown key"));
        }
    }

    fn missing(&mut self, path: &KeyPath, key: &str, what: Option<&str>) {
        let help = format!("add `{key} = …`{}{}", what.map_or("", |_| ": "), what.unwrap_or_default());
        let mistake =
            FileMistake::new("missing_key", format!("{path} lacks the key {}", quoted(key)), help).misses(key);
        self.found(path, mistake.at(self.document.place(path), format!("{} belongs here", quoted(key))));
    }

    fn wrong(&mut self, path: &KeyPath, why: &str, help: &str) {
        let mistake = self.document.wrong_value(path, why, help);
        self.found(path, mistake);
    }

    fn found(&mut self, path: &KeyPath, mistake: FileMistake) {
        self.wrong.push(path.clone());
        self.document.mistakes.push(mistake);
    }

    /// Reports the value that serde stumbled over and takes it out; nothing when it is the whole.
    fn take_out(&mut self, value: &mut Value, error: &JsonError) -> Option<()> {
        let named: Vec<_> = error.path().iter().collect();
        let (path, taken) = self.take(self.root.clone(), value, &named);
        // A table in which something is wrong is no longer what its type wants: that has been said.
        if !self.wrong.iter().any(|wrong| wrong.0.starts_with(&path.0)) {
            let help = self.help(&path, taken.as_ref());
            self.wrong(&path, &plain(&error.inner().to_string()), &help);
        }
        self.taken.push(path);
        taken.map(drop)
    }

    /// Takes the value at the end of serde's path out of the one at `path`, and says where in the file it is. The path
    /// of an enum's variant ends before it where that is a text.
    fn take(&self, path: KeyPath, value: &mut Value, named: &[&Named]) -> (KeyPath, Option<Value>) {
        match (value, named) {
            (Value::Object(table), [Named::Map { key } | Named::Enum { variant: key }, rest @ ..]) => {
                let Some(inner) = table.get_mut(key) else { return (path, None) };
                let (path, taken) = self.take(path.key(key), inner, rest);
                (path, taken.or_else(|| table.remove(key)))
            }
            (Value::Array(items), [Named::Seq { index }, rest @ ..]) => {
                let Some(inner) = items.get_mut(*index) else { return (path, None) };
                let is_before = |taken: &&KeyPath| taken.0.split_last().is_some_and(|(_, array)| *array == *path.0);
                let before = self.taken.iter().filter(is_before).count();
                let (path, taken) = self.take(path.on(Segment::Index(index + before)), inner, rest);
                (path, taken.or_else(|| Some(items.remove(*index))))
            }
            _ => (path, None),
        }
    }

    /// The known texts where the value is one of several, else what its key is for.
    fn help(&self, path: &KeyPath, value: Option<&Value>) -> String {
        let way = &path.0[self.root.0.len()..];
        let texts = self.shape.at(way).map(|schema| self.shape.texts(schema)).unwrap_or_default();
        if let (Some(Value::String(text)), false) = (value, texts.is_empty()) {
            return nearest::hint(text, &texts);
        }
        let around = (0..=way.len()).rev().filter_map(|length| self.shape.at(&way[..length]));
        let said = around.filter_map(description).next();
        said.unwrap_or("`trustpath steps describe KIND` shows what each key takes").to_owned()
    }
}

/// serde's message in the words of TOML: names of types in the code mean nothing to a user.
fn plain(message: &str) -> String {
    const WORDS: [(&str, &str); 6] = [
        ("type: sequence", "type: array"),
        ("type: map", "type: table"),
        ("value: map", "value: table"),
        ("expected a sequence", "expected an array"),
        ("expected a map", "expected a table"),
        ("expected map", "expected a table"),
    ];
    let message = WORDS.iter().fold(message.to_owned(), |message, (from, to)| message.replace(from, to));
    let Some((before, expected)) = message.split_once("expected ") else { return message };
    let is_number = |name: &str| {
        let bits = name.strip_prefix(['u', 'i']);
        bits.is_some_and(|bits| bits == "size" || bits.parse::<u8>().is_ok())
    };
    match expected.strip_prefix("a nonzero ") {
        _ if expected.starts_with("struct ") => format!("{before}expected a table"),
        _ if is_number(expected) => format!("{before}expected a whole number that fits {expected}"),
        Some(number) if is_number(number) => format!("{before}expected a whole number above zero"),
        _ => message,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use schemars::JsonSchema;
    use toml::de::DeTable;

    use super::*;

    /// What is wrong with the keys of a text that should be a `T`.
    fn found<T: JsonSchema>(text: &str) -> Vec<String> {
        let table = DeTable::parse(text).expect("it is TOML").into_inner();
        let mut document = FileDocument::new(table, Vec::new());
        let value = document.json();
        let read = document.read(&KeyPath::default(), value, &Shape::of::<T>(), |_| Ok(()));
        assert_eq!(read.is_none(), !document.mistakes.is_empty());
        document.mistakes.iter().map(|mistake| mistake.to_string().replace("the graph file", "it")).collect()
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
        assert_eq!(
            found::<Tagged>("type = 'square'\nradius = 1"),
            ["it lacks the key `side`", "it has no key `radius`"]
        );
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
        assert_eq!(found::<Tree>(text), ["`children[0].only` has no key `nam`", "`children[1]` has no key `x`"]);
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
            ["it lacks the key `name`", "it lacks the key `radius`", "it has no key `side`"]
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
        assert_eq!(found::<Open>(text), ["`by_name.y` lacks the key `name`"]);
    }

    #[derive(JsonSchema)]
    #[serde(untagged)]
    #[expect(dead_code, reason = "only its schema matters here")]
    enum Either {
        File { file: String },
        Table(BTreeMap<String, u32>),
    }

    #[test]
    fn the_alternative_that_knows_the_keys_is_meant() {
        assert_eq!(found::<Either>("file = 'x'\na = 1"), ["it has no key `a`"]);
        assert_eq!(found::<Either>("a = 1\nb = 2"), [""; 0]);
    }

    #[test]
    fn a_list_is_no_table() {
        let wrong = |key: &str| [format!("`{key}` is wrong: expected a table, found an array")];
        assert_eq!(found::<Open>("by_name = []\ntoken_ttl = 1\nany = []"), wrong("by_name"));
        assert_eq!(found::<Tree>("name = 'a'\nonly = ['b']\nchildren = []"), wrong("only"));
    }

    #[test]
    fn what_json_has_no_type_for_is_named_once_and_with_its_place() {
        let found = found::<Open>("token_ttl = 1\nby_name = {}\nany = [1, 2026-01-02, nan]");
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("`any[1]` is wrong") && found[1].starts_with("`any[2]` is wrong"), "{found:?}");
    }
}
