//! Placeholders: `{name}` in a text of the file stands for what is known when the file is loaded.
//!
//! There is one syntax, in keys as well as in values. `{{…}}` is Vault's own and never touched; nor is what stands in
//! braces and is no name, such as JSON.

use std::{collections::BTreeMap, mem};

use serde_json::Value;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Span, document::json, mistake::FileMistake};
use crate::{mistake::quoted, nearest};

/// A placeholder that stands for a value of the file itself.
#[derive(Debug, Clone, Copy)]
pub struct Placeholder {
    /// Its name, without braces.
    pub name: &'static str,
    /// The keys that lead to the value.
    pub key: &'static [&'static str],
}

/// The codes of what is wrong with placeholders.
pub(super) const CODES: [&str; 2] = [UNKNOWN, UNFIT];
const UNKNOWN: &str = "unknown_placeholder";
const UNFIT: &str = "unfit_placeholder";

/// What placeholders stand for.
#[derive(Clone, Default)]
pub(super) struct KnownPlaceholders<'t> {
    values: BTreeMap<&'static str, Spanned<DeValue<'t>>>,
    /// What would be known, had the file another value or place: the help for it.
    missing: BTreeMap<&'static str, String>,
}

impl<'t> KnownPlaceholders<'t> {
    /// Adds what a name stands for.
    pub(super) fn add(&mut self, name: &'static str, value: Spanned<DeValue<'t>>) {
        self.missing.remove(name);
        self.values.insert(name, value);
    }

    /// Adds a name that stands for nothing as things are, and what to do about it.
    pub(super) fn lack(&mut self, name: &'static str, help: String) {
        self.missing.insert(name, help);
    }

    /// Fills in a value, at any depth. A text that is one placeholder becomes what that stands for, and lies where that
    /// does. What is not known stays as it is, and is a mistake.
    pub(super) fn fill(&self, value: &mut Spanned<DeValue<'t>>, mistakes: &mut Vec<FileMistake>) {
        let at = value.span();
        match value.get_mut() {
            DeValue::String(text) => {
                if let [Piece::Text(""), Piece::Name(name), Piece::Text("")] = *pieces(text) {
                    match self.find(name) {
                        Some(known) => *value = known.clone(),
                        None => mistakes.push(self.unknown(name, at)),
                    }
                } else if let Some(filled) = self.text(text, &at, mistakes) {
                    *text = filled.into();
                }
            }
            DeValue::Array(items) => items.iter_mut().for_each(|item| self.fill(item, mistakes)),
            DeValue::Table(table) => self.fill_table(table, mistakes),
            _ => {}
        }
    }

    fn fill_table(&self, table: &mut DeTable<'t>, mistakes: &mut Vec<FileMistake>) {
        for (mut key, mut value) in mem::take(table) {
            self.fill(&mut value, mistakes);
            let at = key.span();
            if let Some(filled) = self.text(key.get_ref(), &at, mistakes) {
                *key.get_mut() = filled.into();
            }
            if table.contains_key(&**key.get_ref()) {
                mistakes.push(twice(key.get_ref(), at));
            }
            table.insert(key, value);
        }
    }

    /// A text with its placeholders filled in; none, where it has none that can be.
    fn text(&self, text: &str, at: &Span, mistakes: &mut Vec<FileMistake>) -> Option<String> {
        let pieces = pieces(text);
        if pieces.len() == 1 {
            return None;
        }
        let each = pieces.into_iter().map(|piece| match piece {
            Piece::Text(text) => Some(text.to_owned()),
            Piece::Name(name) => self.inside(name, at, mistakes),
        });
        each.collect()
    }

    /// What a name is inside of a text, where it can be that.
    fn inside(&self, name: &str, at: &Span, mistakes: &mut Vec<FileMistake>) -> Option<String> {
        let Some(value) = self.find(name) else {
            mistakes.push(self.unknown(name, at.clone()));
            return None;
        };
        let text = as_text(value.get_ref()).map_err(|kind| {
            let message = format!("`{{{name}}}` stands for {kind}, which is no text");
            let help = format!("give it a text or a number, or write `\"{{{name}}}\"` alone where it may be {kind}");
            mistakes.push(FileMistake::new(UNFIT, message, help).at(at.clone(), "in this text"));
        });
        text.ok()
    }

    fn find(&self, name: &str) -> Option<&Spanned<DeValue<'t>>> {
        let mut segments = name.split('.');
        let first = self.values.get(segments.next()?)?;
        segments.try_fold(first, |value, segment| value.get_ref().as_table()?.get(segment))
    }

    fn unknown(&self, name: &str, at: Span) -> FileMistake {
        let help = self.missing.get(name.split('.').next().unwrap_or(name)).cloned();
        let help = help.unwrap_or_else(|| nearest::hint(name, &self.names()));
        let message = format!("`{{{name}}}` stands for nothing here");
        FileMistake::new(UNKNOWN, message, help).at(at, "unknown placeholder")
    }

    /// All names that can be written.
    fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.values.iter().for_each(|(name, value)| add_names((*name).to_owned(), value.get_ref(), &mut names));
        names
    }
}

fn add_names(name: String, value: &DeValue<'_>, names: &mut Vec<String>) {
    if let DeValue::Table(table) = value {
        table.iter().for_each(|(key, value)| add_names(format!("{name}.{}", key.get_ref()), value.get_ref(), names));
    } else {
        names.push(name);
    }
}

/// What a value is inside of a text, or what it is where it cannot be that.
fn as_text(value: &DeValue<'_>) -> Result<String, &'static str> {
    match (value, json(value)) {
        (_, Value::String(text)) => Ok(text),
        (_, plain @ (Value::Number(_) | Value::Bool(_))) => Ok(plain.to_string()),
        (DeValue::Table(_), _) => Err("a table"),
        (DeValue::Array(_), _) => Err("an array"),
        _ => Err("a date or a number that JSON does not have"),
    }
}

/// A key stands where it stands already.
pub(super) fn twice(key: &str, at: Span) -> FileMistake {
    let help = "remove one of the two; placeholders in them are filled in";
    FileMistake::new("duplicate_key", format!("the key {} is there twice", quoted(key)), help).at(at, "the second time")
}

/// A part of a text.
enum Piece<'a> {
    Text(&'a str),
    Name(&'a str),
}

/// Takes a text apart: placeholders, and the texts around each of them.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut from, mut at) = (Vec::new(), 0, 0);
    while let Some(brace) = text[at..].find('{').map(|found| at + found) {
        if text[brace..].starts_with("{{") {
            at = text[brace..].find("}}").map_or(text.len(), |end| brace + end + 2);
            continue;
        }
        at = brace + 1;
        if let Some((name, _)) = text[at..].split_once('}').filter(|(name, _)| is_name(name)) {
            pieces.extend([Piece::Text(&text[from..brace]), Piece::Name(name)]);
            at += name.len() + 1;
            from = at;
        }
    }
    pieces.push(Piece::Text(&text[from..]));
    pieces
}

fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.split('.').all(|segment| !segment.is_empty() && segment.chars().all(fits))
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;

    fn filled(text: &str) -> (Value, Vec<String>) {
        let table = |text: &'static str| Spanned::new(0..0, DeValue::Table(DeTable::parse(text).unwrap().into_inner()));
        let mut known = KnownPlaceholders::default();
        known.add("value", table("a = 'x'\nn = 3\nl = [1]\nraw = '{key}'\nin = { b = true }"));
        known.lack("cluster", "say which".into());
        let mut table = Spanned::new(0..0, DeValue::Table(DeTable::parse(text).unwrap().into_inner()));
        let mut mistakes = Vec::new();
        known.fill(&mut table, &mut mistakes);
        (json(table.get_ref()), mistakes.iter().map(|mistake| format!("{mistake}: {}", mistake.help)).collect())
    }

    #[test]
    fn texts_and_keys_are_filled_in_at_any_depth() {
        let (found, mistakes) =
            filled("a = ['{value.a}-{value.n}', { '{value.a}/*' = '{value.in.b}' }]\nb = '<{value.in.b}>'");
        assert_eq!(found, value!({ "a": ["x-3", { "x/*": true }], "b": "<true>" }));
        assert!(mistakes.is_empty(), "{mistakes:?}");
    }

    #[test]
    fn a_text_that_is_one_placeholder_is_the_value_itself() {
        assert_eq!(filled("a = '{value.l}'\nb = '{value.n}'").0, value!({ "a": [1], "b": 3 }));
    }

    #[test]
    fn what_is_filled_in_is_not_looked_at_again() {
        assert_eq!(filled("a = '{value.raw}'\nb = '-{value.raw}'").0, value!({ "a": "{key}", "b": "-{key}" }));
    }

    #[test]
    fn what_is_no_name_in_single_braces_is_left() {
        for text in [
            "{{value.a}}",
            "{{{value.a}}}",
            "{{ identity.entity.name }}",
            "{}",
            "{\"a\":1}",
            "a{2,3}",
            "{a b}",
            "{.a}",
            "{",
            "}{",
            "{{",
        ] {
            let (found, mistakes) = filled(&format!("a = '{text}'"));
            assert_eq!((found, mistakes.len()), (value!({ "a": text }), 0), "{text}");
        }
    }

    #[test]
    fn what_is_not_known_is_a_mistake_that_names_what_is() {
        let mistakes = filled("a = '{valeu.a}'\nb = 'x{cluster}'\nc = '-{value.l}'\n'{value.a}' = 1\nx = 2").1;
        assert_eq!(mistakes.len(), 4, "{mistakes:?}");
        assert!(
            mistakes[0].contains("the key `x` is there twice") || mistakes[3].contains("the key `x` is there twice")
        );
        let said = mistakes.join("\n");
        assert!(said.contains("`{valeu.a}` stands for nothing here: did you mean `value.a`?"), "{said}");
        assert!(said.contains("`{cluster}` stands for nothing here: say which"), "{said}");
        assert!(said.contains("`{value.l}` stands for an array, which is no text"), "{said}");
    }
}
