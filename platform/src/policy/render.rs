//! A policy as HCL that servers of the first generation and parsers of the second read the same.

use std::fmt::Write;

use super::{
    Tree, Value,
    tree::{Item, Key},
};

const INDENT: &str = "  ";

/// The servers' parser keeps this letter to itself.
const RESERVED: char = '\u{e123}';

/// The HCL of a whole policy.
pub fn render(tree: &Tree) -> String {
    let mut hcl = String::new();
    let Value::Object(items) = &tree.value else { return hcl };
    for item in items {
        if item.keys.len() > 1 && !hcl.is_empty() {
            hcl.push('\n');
        }
        entry(&mut hcl, 0, item);
    }
    hcl
}

/// Items between braces, one a line.
fn body(hcl: &mut String, depth: usize, items: &[Item]) {
    hcl.push('{');
    for (position, item) in items.iter().enumerate() {
        hcl.push_str(if position == 0 { "\n" } else { "" });
        entry(hcl, depth + 1, item);
    }
    if !items.is_empty() {
        hcl.push_str(&INDENT.repeat(depth));
    }
    hcl.push('}');
}

fn entry(hcl: &mut String, depth: usize, item: &Item) {
    let keys: Vec<_> = item.keys.iter().enumerate().map(|(position, key)| name(key, position)).collect();
    let sign = if keys.len() == 1 { " = " } else { " " };
    write!(hcl, "{}{}{sign}", INDENT.repeat(depth), keys.join(" ")).expect("a String takes everything");
    value(hcl, depth, &item.value);
    hcl.push('\n');
}

/// The first key of an item is without quotes where it can be.
fn name(key: &Key, position: usize) -> String {
    let name = key.name().unwrap_or_default();
    let bare = position == 0
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !matches!(name, "true" | "false");
    if bare { name.to_owned() } else { quoted(name) }
}

fn value(hcl: &mut String, depth: usize, tree: &Tree) {
    match &tree.value {
        Value::Bool(value) => hcl.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => hcl.push_str(number),
        Value::Text(text) => hcl.push_str(&quoted(text)),
        Value::Unreadable => hcl.push_str("\"\""),
        Value::List(items) => {
            hcl.push('[');
            for (position, item) in items.iter().enumerate() {
                hcl.push_str(if position == 0 { "" } else { ", " });
                value(hcl, depth, item);
            }
            hcl.push(']');
        }
        Value::Object(items) => body(hcl, depth, items),
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
            // Bytes that are no UTF-8, as the reader keeps them.
            '\u{10ff80}'..='\u{10ffff}' => {
                write!(quoted, "\\x{:02x}", u32::from(c) & 0xff).expect("a String takes everything")
            }
            c if c.is_control() || c == RESERVED => escape(&mut quoted, c),
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
        Tree::paths([(path.to_owned(), rules)])
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
        fn what_is_rendered_is_read_back(path in r"(\$\{|%\{|[^/{}+])[^{}+]*", parameter in ".+", value in ".*") {
            let meaning = Meaning::read(&render(&allowing(&path, &parameter, &value))).unwrap();
            let rules = meaning.rules(&path).unwrap();
            let read = rules.allowed.iter().map(|(name, values)| (name.clone(), values.iter().cloned().collect()));
            let expected = vec![(parameter.to_lowercase(), vec![serde_json::Value::from(value).to_string()])];
            prop_assert_eq!(read.collect::<Vec<(String, Vec<String>)>>(), expected);
        }
    }
}
