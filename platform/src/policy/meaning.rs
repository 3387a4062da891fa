//! What a whole policy says.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    KNOWN, Misread, Rules,
    rules::Wrong,
    tree::{Tree, Value},
};

/// What a policy says, whatever its order, comments, white space and syntax.
#[derive(Debug, Clone, Default)]
pub struct Meaning {
    /// What it says about each path, without a slash at its beginning, duplicates joined.
    paths: BTreeMap<String, Rules>,
    /// Paths with keys that are not known here, in order and not joined: nobody here can say what joining them means.
    unjoined: Vec<(String, Rules)>,
    /// What stands beside paths, as text.
    beside: Vec<String>,
    duplicates: BTreeSet<String>,
    unknown: Vec<(Option<usize>, String)>,
}

/// How a meaning came about is no part of it.
impl PartialEq for Meaning {
    fn eq(&self, other: &Self) -> bool {
        (&self.paths, &self.unjoined, &self.beside) == (&other.paths, &other.unjoined, &other.beside)
    }
}

impl Eq for Meaning {}

impl Meaning {
    /// Reads a policy's text.
    ///
    /// # Errors
    /// When it is not understood.
    pub fn read(text: &str) -> Result<Self, Misread> {
        let tree = Tree::read(text)?;
        Self::of(&tree).map_err(|(at, why)| Misread::new(text, at, why))
    }

    /// Every path that it says something about, in alphabetical order.
    pub fn all_paths(&self) -> BTreeSet<&str> {
        self.paths.keys().chain(self.unjoined.iter().map(|(path, _)| path)).map(String::as_str).collect()
    }

    /// What it says about a path; `None` where it says nothing, or something that is not known here.
    pub fn rules(&self, path: &str) -> Option<&Rules> {
        let unknown = self.unjoined.iter().any(|(other, _)| other == path);
        self.paths.get(path).filter(|_| !unknown)
    }

    /// The paths that are there more than once.
    pub fn duplicates(&self) -> &BTreeSet<String> {
        &self.duplicates
    }

    /// Refuses capabilities that no server knows.
    ///
    /// # Errors
    /// The first of them, with its place in the text that this was read from.
    pub fn check_capabilities(&self, text: &str) -> Result<(), Misread> {
        let Some((at, name)) = self.unknown.first() else { return Ok(()) };
        let hint = trustpath_core::nearest::hint(name, &KNOWN);
        Err(Misread::new(text, *at, format!("there is no capability `{name}`: {hint}")))
    }

    fn of(tree: &Tree) -> Result<Self, Wrong> {
        let mut meaning = Self::default();
        let Value::Object(entries) = &tree.value else {
            return Err((tree.at, "a policy is a list of paths".into()));
        };
        for (name, value) in entries {
            if name != "path" {
                meaning.beside.push(format!("{name} {value}"));
                continue;
            }
            for (path, rules) in each(value)? {
                meaning.path(path, rules)?;
            }
        }
        Ok(meaning)
    }

    fn path(&mut self, path: &str, tree: &Tree) -> Result<(), Wrong> {
        let rules = Rules::read(tree)?;
        self.note_unknown(tree, &rules);
        let path = path.strip_prefix('/').unwrap_or(path);
        let known = self.all_paths().contains(path);
        if known {
            self.duplicates.insert(path.to_owned());
        }
        if !rules.others.is_empty() {
            self.unjoined.push((path.to_owned(), rules));
        } else if let Some(there) = self.paths.get_mut(path) {
            there.join(rules);
        } else {
            self.paths.insert(path.to_owned(), rules);
        }
        Ok(())
    }

    fn note_unknown(&mut self, tree: &Tree, rules: &Rules) {
        let unknown = rules.capabilities.iter().filter(|name| !KNOWN.contains(&name.as_str()));
        self.unknown.extend(unknown.map(|name| (place_of(tree, name).or(tree.at), name.clone())));
    }
}

/// Where a capability is named.
fn place_of(tree: &Tree, capability: &str) -> Option<usize> {
    match &tree.value {
        Value::Text(text) => tree.at.filter(|_| text == capability),
        Value::List(items) => items.iter().find_map(|item| place_of(item, capability)),
        Value::Object(entries) => entries.iter().find_map(|(_, value)| place_of(value, capability)),
        _ => None,
    }
}

/// The entries of an object, or of each object of a list.
fn each(tree: &Tree) -> Result<Vec<(&str, &Tree)>, Wrong> {
    let list: Vec<_> = match &tree.value {
        Value::Object(entries) => return Ok(entries.iter().map(|(name, value)| (name.as_str(), value)).collect()),
        Value::List(items) => items.iter().map(each).collect::<Result<_, _>>()?,
        _ => return Err((tree.at, "`path` is followed by a path in quotes and its rules between braces".into())),
    };
    Ok(list.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(text: &str) -> Meaning {
        Meaning::read(text).unwrap_or_else(|misread| panic!("{text}: {misread}"))
    }

    fn same(one: &str, other: &str) {
        assert_eq!(meaning(one), meaning(other));
    }

    fn differ(one: &str, other: &str) {
        assert_ne!(meaning(one), meaning(other));
    }

    #[test]
    fn order_comments_white_space_and_syntax_mean_nothing() {
        let plain =
            "path \"a\" { capabilities = [\"read\", \"list\"] }\npath \"b/*\" {\n capabilities = [\"update\"]\n}";
        for other in [
            "# first\npath \"b/*\" {\n  capabilities = [\n \"update\", # last\n ]\n}\n/* x */\npath \"/a\" { capabilities = [\"list\", \"read\"] }",
            "path a { capabilities = [\"list\", \"read\", \"list\"] }\r\npath \"b/*\" { capabilities = [\"update\"] }",
            "path \"a\" { policy = \"read\" }\npath \"b/*\" { capabilities = [\"update\"] }",
            r#"{"path": {"b/*": {"capabilities": ["update"]}, "a": {"capabilities": ["read", "list"]}}}"#,
            r#" {"path": [{"a": {"capabilities": ["read", "list"]}}, {"b/*": {"capabilities": ["update"]}}]}"#,
        ] {
            same(plain, other);
        }
    }

    #[test]
    fn what_is_allowed_means_everything() {
        let plain = "path \"a\" { capabilities = [\"read\"] }";
        for other in [
            "path \"a\" { capabilities = [\"read\", \"list\"] }",
            "path \"b\" { capabilities = [\"read\"] }",
            "path \"a*\" { capabilities = [\"read\"] }",
            "path \"a\" { capabilities = [\"Read\"] }",
            "path \"a\" {}",
            "",
            "path \"a\" {\n capabilities = [\"read\"]\n required_parameters = [\"x\"]\n}",
            "path \"a\" {\n capabilities = [\"read\"]\n max_wrapping_ttl = \"1m\"\n}",
            "path \"a\" {\n capabilities = [\"read\"]\n allowed_parameters = { x = [] }\n}",
            "path \"a\" {\n capabilities = [\"read\"]\n something_new = 1\n}",
            "path \"a\" { capabilities = [\"read\"] }\npath \"c\" {}",
        ] {
            differ(plain, other);
        }
    }

    #[test]
    fn parameters_are_sets_by_names_in_lower_case() {
        let rules = |inner: &str| format!("path \"a\" {{\n capabilities = [\"update\"]\n {inner}\n}}");
        same(
            &rules("allowed_parameters = {\n \"Name\" = [\"x\", 1]\n \"*\" = []\n}"),
            &rules("allowed_parameters = {\n \"*\" = []\n name = [1, \"x\", 1]\n}"),
        );
        same(&rules("allowed_parameters = { a = [1, 1] }"), &rules("allowed_parameters {\n a = [1]\n}"));
        differ(&rules("allowed_parameters = { a = [1] }"), &rules("allowed_parameters = { a = [\"1\"] }"));
        differ(&rules("allowed_parameters = { a = [] }"), &rules("denied_parameters = { a = [] }"));
        same(&rules("required_parameters = [\"A\", \"b\"]"), &rules("required_parameters = [\"b\", \"a\"]"));
        same(&rules("min_wrapping_ttl = \"1h\""), &rules("min_wrapping_ttl = 3600"));
    }

    #[test]
    fn a_path_that_is_there_twice_is_joined_as_the_servers_do() {
        let twice = |one: &str, other: &str| format!("path \"a\" {{\n{one}\n}}\npath \"/a\" {{\n{other}\n}}");
        let once = |inner: &str| format!("path \"a\" {{\n{inner}\n}}");
        let read = "capabilities = [\"read\"]";
        same(&twice(read, "capabilities = [\"list\"]"), &once("capabilities = [\"list\", \"read\"]"));
        same(&twice(read, "capabilities = [\"deny\", \"read\"]"), &once("capabilities = [\"deny\"]"));
        same(&twice("policy = \"deny\"", read), &once("capabilities = [\"deny\"]"));
        same(
            &twice(&format!("{read}\nmax_wrapping_ttl = 60"), &format!("{read}\nmax_wrapping_ttl = 30")),
            &once(&format!("{read}\nmax_wrapping_ttl = 30")),
        );
        same(
            &twice("allowed_parameters = {\n x = [1]\n y = [2]\n}", "allowed_parameters = {\n x = [3]\n y = []\n}"),
            &once("allowed_parameters = {\n x = [1, 3]\n y = []\n}"),
        );
        assert_eq!(meaning(&twice(read, read)).duplicates(), &BTreeSet::from(["a".to_owned()]));
        assert!(meaning(&once(read)).duplicates().is_empty());
    }

    #[test]
    fn unknown_keys_count_as_text() {
        let rules = |value: &str| format!("path \"a\" {{\n capabilities = [\"read\"]\n control_group = {value}\n}}");
        same(&rules("{ factor = [1, 2] }"), &rules("{\n  factor = [ 1,2 ]\n}"));
        differ(&rules("{ factor = [1, 2] }"), &rules("{ factor = [2, 1] }"));
        let unjoined =
            |one: &str, other: &str| format!("path \"a\" {{\n x = {one}\n}}\npath \"a\" {{\n x = {other}\n}}");
        differ(&unjoined("1", "2"), &unjoined("2", "1"));
        same("name = \"x\"\npath a {}", "path a {}\nname = \"x\"");
        differ("name = \"x\"\npath a {}", "name = \"y\"\npath a {}");
    }

    #[test]
    fn what_the_servers_read_differently_is_not_understood() {
        for text in [
            "path \"a\" { capabilities = [\"read\"] policy = \"read\" }",
            "path \"${x}\" { capabilities = [\"read\"] }",
            "path \"$${x}\" { capabilities = [\"read\"] }",
            "path \"a\" { capabilities = [\"%{if x}read%{endif}\"] }",
            "path \"a\" { capabilities = concat([\"read\"]) }",
            "path \"a\" { capabilities = read }",
            "path \"a\" {\n capabilities = [\"read\"]\n capabilities = [\"list\"]\n}",
            "path \"a\" {\n allowed_parameters = {\n x = [1]\n x = [2]\n}\n}",
            "path \"a\" {\n allowed_parameters = {\n x = [1]\n y = [3]\n x = [2]\n}\n}",
            "path \"a\" {\n allowed_parameters = {\n x = [1]\n X = [2]\n}\n}",
            "path \"a\" {\n policy = \"all\"\n}",
            "path { capabilities = [\"read\"] }",
            "path \"a\" \"b\" { capabilities = [\"read\"] }",
            "path = { \"a\" = { capabilities = [\"read\"] } }",
            "path \"a\" { capabilities = \"read\" }",
            "{\"path\": {\"a\": [{\"capabilities\": [\"read\"]}]}}",
            "path = 3",
            "path \"a\" {",
            "{\"path\": {\"a\": {\"capabilities\": [\"read\"], \"capabilities\": []}}}",
            "{\"path\": {\"a\": null}}",
            "{\"path\": {",
            "[]",
        ] {
            assert!(Meaning::read(text).is_err(), "{text} is understood");
        }
    }

    #[test]
    fn a_mistake_has_its_place() {
        let place = |text: &str| Meaning::read(text).unwrap_err().to_string();
        assert!(place("path \"a\" {\n  capabilities == 1\n}").starts_with("line 2, column 17: "));
        assert!(place("\n\npath \"a\" {\n  policy = \"all\"\n}").starts_with("line 4, column 12: it is none of"));
        assert_eq!(place("{\n \"path\": nul\n}"), "line 3, column 1: expected ident");
        let text = "path \"a\" {\n  capabilities = [\"read\", \"raed\"]\n}";
        let misread = meaning(text).check_capabilities(text).unwrap_err();
        assert!(
            misread.to_string().starts_with("line 2, column 27: there is no capability `raed`: did you mean `read`?")
        );
        assert_eq!(misread.offset(), text.find("\"raed\""));
    }
}
