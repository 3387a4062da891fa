//! What the language is made of.

use icu_properties::{
    CodePointMapData,
    props::{GeneralCategory, GeneralCategoryGroup},
};

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

/// A letter, a digit, or what joins two words, as Go tells them apart.
pub(super) fn is_in_word(char: char) -> bool {
    char == '_' || is_of(GeneralCategoryGroup::Letter, char) || is_of(GeneralCategoryGroup::DecimalNumber, char)
}

pub(super) fn is_of(group: GeneralCategoryGroup, char: char) -> bool {
    group.contains(CodePointMapData::<GeneralCategory>::new().get(char))
}
