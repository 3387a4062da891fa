//! The tokens of HCL's first generation and of its JSON, as `hcl/scanner` and `json/scanner` of
//! `github.com/hashicorp/hcl` v1.0.1-vault-7 find them, which both families of servers use.
//!
//! No crate reads this language: those of the registry, such as `hcl-rs`, read its second generation.

use std::sync::LazyLock;

use icu_properties::props::GeneralCategoryGroup;
use regex_lite::Regex;

use super::{
    strings::{heredoc, quoted},
    token::{Kind, Token, is_in_word, is_of},
};
use crate::policy::misread::Mistake;

/// Takes token by token. Whatever it refuses, the servers refuse.
pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
    is_json: bool,
}

/// One of the two forms of the language.
struct Form {
    blank: Regex,
    /// How long the name is that a text begins with.
    name: fn(&str) -> usize,
    number: Regex,
    bad_number: Regex,
    signs: &'static str,
}

static HCL: LazyLock<Form> = LazyLock::new(|| Form {
    blank: pattern(r"(?:[ \t\r\n]|#[^\n]*|//[^\n]*|/\*(?s:.*?)\*/)*"),
    name: |text| name(text).len(),
    number: pattern(&format!(r"-?0[xX][[:xdigit:]]*|{NUMBER}")),
    bad_number: pattern(r"-?0(?:[xX]|[0-9]+[89][0-9]*)$"),
    signs: "[]{},.=",
});

static JSON: LazyLock<Form> = LazyLock::new(|| Form {
    blank: pattern(r"[ \t\r\n]*"),
    name: |text| ["true", "false", "null"].iter().find(|word| text.starts_with(**word)).map_or(0, |word| word.len()),
    number: pattern(NUMBER),
    bad_number: pattern("-?0[0-9]+$"),
    signs: "[]{},.:",
});

/// Both scanners take one character behind an exponent even where it is no digit, and lose that of a number without a whole
/// part but for its letter.
const NUMBER: &str = r"\.[0-9]+[eE]?|-?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?(?:[0-9]+|\r\n|(?s:.))?)?";

/// The name that a text of HCL begins with; empty where it begins with none.
fn name(text: &str) -> &str {
    let is_inside = |char: char| is_in_word(char) || matches!(char, '.' | '-');
    let is_first = |char: char| is_in_word(char) && !is_of(GeneralCategoryGroup::DecimalNumber, char);
    let end = if text.starts_with(is_first) { text.find(|char| !is_inside(char)) } else { Some(0) };
    &text[..end.unwrap_or(text.len())]
}

fn pattern(pattern: &str) -> Regex {
    Regex::new(&format!("^(?:{pattern})")).expect("it is a constant")
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str, is_json: bool) -> Self {
        Self { text, at: 0, is_json }
    }

    pub(super) fn token(&mut self) -> Result<Token<'t>, Mistake> {
        let form = if self.is_json { &JSON } else { &HCL };
        self.at += form.blank.find(&self.text[self.at..]).map_or(0, |blank| blank.len());
        let (at, rest) = (self.at, &self.text[self.at..]);
        let mistake = |(further, why): (usize, &str)| (Some(at + further), why.to_owned());
        let (kind, length) = match rest.chars().next() {
            None => (Kind::End, 0),
            Some('\0') if self.is_json => (Kind::End, 0),
            Some('"') => {
                quoted(rest, self.is_json).map(|(said, length)| (Kind::Text(said), length)).map_err(mistake)?
            }
            Some('<') if !self.is_json => {
                heredoc(rest).map(|(said, length)| (Kind::Heredoc(said), length)).map_err(mistake)?
            }
            Some(first) => form.plain(first, rest).ok_or_else(|| mistake((0, "no server can read this")))?,
        };
        self.at += length;
        Ok(Token { kind, at, raw: &rest[..length] })
    }
}

impl Form {
    fn plain(&self, first: char, rest: &str) -> Option<(Kind, usize)> {
        let name = &rest[..(self.name)(rest)];
        if !name.is_empty() {
            let kind = match name {
                "true" | "false" => Kind::Bool,
                "null" if self.signs.contains(':') => Kind::Null,
                _ => Kind::Name,
            };
            return Some((kind, name.len()));
        }
        if let Some(number) = self.number.find(rest) {
            return (!self.bad_number.is_match(number.as_str())).then_some((Kind::Number, number.len()));
        }
        self.signs.contains(first).then_some((Kind::Sign(first), 1))
    }
}
