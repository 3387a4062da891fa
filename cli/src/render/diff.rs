//! One changed value: old → new, or line by line where it is a text of several lines.

use serde_json::Value;
use similar::{ChangeTag, TextDiff};
use trustpath_core::Leaf;

use super::{plain::visible, style::Style};

/// How many unchanged lines are shown around a change.
const AROUND: usize = 2;
/// Paths are padded to the longest one, up to this width.
const WIDEST: usize = 64;

/// Every changed value of a step, a line each, or several for a text of several lines.
pub(super) fn leaves(leaves: &[Leaf], indent: &str) -> String {
    let lines = leaves.iter().filter(|leaf| texts(leaf.before.as_ref(), leaf.after.as_ref()).is_none());
    let width = lines.map(|leaf| leaf.path.chars().count()).filter(|width| *width <= WIDEST).max().unwrap_or(0);
    leaves.iter().map(|leaf| self::leaf(leaf, width, indent)).collect()
}

fn leaf(leaf: &Leaf, width: usize, indent: &str) -> String {
    let (before, after) = (leaf.before.as_ref(), leaf.after.as_ref());
    let path = visible(&leaf.path);
    let (sign, style) = match (before, after) {
        (None, _) => ("+", Style::Good),
        (_, None) => ("-", Style::Bad),
        _ => ("~", Style::Careful),
    };
    let sign = style.of(sign);
    if let Some((before, after)) = texts(before, after) {
        return format!("{indent}{sign} {path}\n{}", text(before, after, &format!("{indent}    ")));
    }
    let values = match (before, after) {
        (Some(before), Some(after)) => {
            format!("{} {} {}", Style::Bad.of(value(before)), Style::Quiet.of("→"), Style::Good.of(value(after)))
        }
        (Some(only), None) | (None, Some(only)) => style.of(value(only)),
        (None, None) => String::new(),
    };
    format!("{indent}{sign} {path:width$}  {values}\n")
}

/// Both sides as texts, when either has several lines.
fn texts<'a>(before: Option<&'a Value>, after: Option<&'a Value>) -> Option<(&'a str, &'a str)> {
    let text = |value: Option<&'a Value>| value.map_or(Some(""), Value::as_str);
    let (before, after) = (text(before)?, text(after)?);
    let long = |text: &str| text.trim_end_matches('\n').contains('\n');
    (long(before) || long(after)).then_some((before, after))
}

fn text(before: &str, after: &str, indent: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    let mut shown = String::new();
    for (nth, group) in diff.grouped_ops(AROUND).iter().enumerate() {
        if nth > 0 {
            shown += &format!("{indent}{}\n", Style::Quiet.of("⋮"));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            shown += &line(change.tag(), change.value(), indent);
        }
    }
    shown
}

fn line(tag: ChangeTag, line: &str, indent: &str) -> String {
    let end = if line.ends_with('\n') { "" } else { " (no line end)" };
    let line = visible(line.trim_end_matches('\n'));
    let (sign, style) = match tag {
        ChangeTag::Delete => ("-", Style::Bad),
        ChangeTag::Insert => ("+", Style::Good),
        ChangeTag::Equal => return format!("{indent}  {line}\n"),
    };
    format!("{indent}{}{}\n", style.of(format!("{sign} {line}")), Style::Quiet.of(end))
}

fn value(value: &Value) -> String {
    visible(&value.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(path: &str, before: Value, after: Value) -> String {
        let some = |value: Value| (!value.is_null()).then_some(value);
        let leaf = Leaf { path: path.into(), before: some(before), after: some(after) };
        anstream::adapter::strip_str(&leaves(&[leaf], "")).to_string()
    }

    #[test]
    fn one_line_has_old_and_new() {
        assert_eq!(shown("ttl", json!(1), json!(2)), "~ ttl  1 → 2\n");
        assert_eq!(shown("names", json!(["a"]), json!(["a", "b"])), "~ names  [\"a\"] → [\"a\",\"b\"]\n");
        assert_eq!(shown("name", Value::Null, json!("x")), "+ name  \"x\"\n");
        assert_eq!(shown("name", json!("x"), Value::Null), "- name  \"x\"\n");
    }

    #[test]
    fn a_text_is_compared_line_by_line() {
        let before = "one\ntwo\nthree\nfour\nfive\nsix\n";
        insta::assert_snapshot!(shown("text", json!(before), json!("one\ntwo\nthree\n4\nfive\nsix")), @r"
        ~ text
              two
              three
            - four
            + 4
              five
            - six
            + six (no line end)
        ");
    }

    #[test]
    fn what_a_server_says_cannot_colour_a_terminal() {
        assert!(shown("x", json!("a"), json!("\u{1b}[31m\u{9b}")).contains("\\u001b[31m\\u{9b}"));
        assert!(!shown("x", json!("a"), json!("a\u{1b}[31m\nb")).contains('\u{1b}'));
    }
}
