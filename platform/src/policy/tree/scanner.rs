//! The tokens of HCL's first generation and of its JSON, as `hcl/scanner` and `json/scanner` of
//! `github.com/hashicorp/hcl` v1.0.1-vault-7 find them, which both families of servers use.
//!
//! No crate reads this language: those of the registry, such as `hcl-rs`, read its second generation.

use std::sync::LazyLock;

use regex::Regex;

use super::strings::{heredoc, quoted};
use crate::policy::misread::Mistake;

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// The end of the text.
    End,
    /// A name without quotes, in HCL alone.
    Name,
    /// `true` or `false`.
    Bool,
    /// `null`, in JSON alone.
    Null,
    /// A number of any form.
    Number,
    /// A text in quotes, and what it says.
    Text(Option<String>),
    /// `<<EOF`, in HCL alone, and what it says.
    Heredoc(Option<String>),
    /// Anything else, one character.
    Sign(char),
}

/// A token and where it begins.
#[derive(Debug, Clone)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind,
    pub(super) at: usize,
    pub(super) raw: &'t str,
}

/// Takes token by token. Whatever it refuses, the servers refuse.
pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
    is_json: bool,
}

/// One of the two forms of the language.
struct Form {
    blank: Regex,
    name: Regex,
    number: Regex,
    bad_number: Regex,
    signs: &'static str,
}

static HCL: LazyLock<Form> = LazyLock::new(|| Form {
    blank: pattern(r"(?:[ \t\r\n]|#[^\n]*|//[^\n]*|/\*(?s:.*?)\*/)*"),
    name: pattern(r"[_\p{L}][_\p{L}\p{Nd}.-]*"),
    number: pattern(&format!(r"-?0[xX][[:xdigit:]]*|{NUMBER}")),
    bad_number: pattern(r"-?0(?:[xX]|[0-9]+[89][0-9]*)$"),
    signs: "[]{},.=",
});

static JSON: LazyLock<Form> = LazyLock::new(|| Form {
    blank: pattern(r"[ \t\r\n]*"),
    name: pattern("(?:true|false|null)"),
    number: pattern(NUMBER),
    bad_number: pattern("-?0[0-9]+$"),
    signs: "[]{},.:",
});

/// Both scanners take one character behind an exponent even where it is no digit, and lose that of a number without a whole
/// part but for its letter.
const NUMBER: &str = r"\.[0-9]+[eE]?|-?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?(?:[0-9]+|\r\n|(?s:.))?)?";

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
        if let Some(name) = self.name.find(rest) {
            let kind = match name.as_str() {
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
