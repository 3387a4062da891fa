//! A policy as HCL that servers of the first generation and parsers of the second read the same.

use std::fmt::Write;

use super::{Tree, Value};

const INDENT: &str = "  ";

/// The HCL of a whole policy.
pub fn render(tree: &Tree) -> String {
    let mut hcl = String::new();
    for (name, value) in entries(tree) {
        if name == "path" {
            paths(&mut hcl, value);
        } else {
            entry(&mut hcl, 0, name, value);
        }
    }
    hcl
}

fn paths(hcl: &mut String, tree: &Tree) {
    if let Value::List(items) = &tree.value {
        items.iter().for_each(|item| paths(hcl, item));
    }
    for (path, rules) in entries(tree) {
        if !hcl.is_empty() {
            hcl.push('\n');
        }
        write!(hcl, "path {} {{", quoted(path)).expect("a String takes everything");
        body(hcl, 0, entries(rules));
        hcl.push_str("}\n");
    }
}

fn entries(tree: &Tree) -> &[(String, Tree)] {
    match &tree.value {
        Value::Object(entries) => entries,
        _ => &[],
    }
}

/// Entries between braces, one a line.
fn body(hcl: &mut String, depth: usize, entries: &[(String, Tree)]) {
    if entries.is_empty() {
        return;
    }
    hcl.push('\n');
    for (name, value) in entries {
        entry(hcl, depth + 1, name, value);
    }
    hcl.push_str(&INDENT.repeat(depth));
}

fn entry(hcl: &mut String, depth: usize, name: &str, tree: &Tree) {
    let bare = !name.is_empty()
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let name = if bare { name.to_owned() } else { quoted(name) };
    write!(hcl, "{}{name} = ", INDENT.repeat(depth)).expect("a String takes everything");
    value(hcl, depth, tree);
    hcl.push('\n');
}

fn value(hcl: &mut String, depth: usize, tree: &Tree) {
    match &tree.value {
        Value::Bool(value) => hcl.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => hcl.push_str(number),
        Value::Text(text) => hcl.push_str(&quoted(text)),
        Value::List(items) => {
            hcl.push('[');
            for (position, item) in items.iter().enumerate() {
                hcl.push_str(if position == 0 { "" } else { ", " });
                value(hcl, depth, item);
            }
            hcl.push(']');
        }
        Value::Object(entries) => {
            hcl.push('{');
            body(hcl, depth, entries);
            hcl.push('}');
        }
    }
}

/// A text in quotes. What begins a template is escaped: there are none in policies, but parsers look for them.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '$' | '%' if chars.peek() == Some(&'{') => escape(&mut quoted, c),
            c if c.is_control() => escape(&mut quoted, c),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

fn escape(into: &mut String, c: char) {
    write!(into, "\\u{:04x}", u32::from(c)).expect("a String takes everything");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::Meaning;

    fn allowing(path: &str, parameter: &str, value: &str) -> Tree {
        let values = Tree::object([(parameter.to_owned(), Tree::list([Tree::text(value)]))]);
        let capabilities = Tree::list([Tree::text("update")]);
        let rules =
            Tree::object([("capabilities".to_owned(), capabilities), ("allowed_parameters".to_owned(), values)]);
        Tree::object([("path".to_owned(), Tree::object([(path.to_owned(), rules)]))])
    }

    #[test]
    fn it_looks_as_people_write_it() {
        assert_eq!(
            render(&allowing("auth/token/create", "no_parent", "true")),
            "path \"auth/token/create\" {\n  capabilities = [\"update\"]\n  allowed_parameters = {\n    \
             no_parent = [\"true\"]\n  }\n}\n"
        );
    }

    #[test]
    fn what_begins_a_template_or_ends_a_text_is_escaped() {
        assert_eq!(quoted("a/${x}/%{y}/$5%\"\\\n\u{1}ä"), r#""a/\u0024{x}/\u0025{y}/$5%\"\\\n\u0001ä""#);
    }

    proptest! {
        #[test]
        fn what_is_rendered_is_read_back(path in "[^/].*", parameter in ".+", value in ".*") {
            let meaning = Meaning::read(&render(&allowing(&path, &parameter, &value))).unwrap();
            let rules = meaning.rules(&path).unwrap();
            let read = rules.allowed.iter().map(|(name, values)| (name.clone(), values.iter().cloned().collect()));
            let expected = vec![(parameter.to_lowercase(), vec![serde_json::Value::from(value).to_string()])];
            prop_assert_eq!(read.collect::<Vec<(String, Vec<String>)>>(), expected);
        }
    }
}
