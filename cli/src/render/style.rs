//! Colours and signs, in one place.

use owo_colors::OwoColorize;
use trustpath_core::Op;

/// What a piece of text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Made, or holds.
    Good,
    /// Changed, or to be looked at.
    Careful,
    /// Removed, or does not hold.
    Bad,
    /// Beside the point.
    Quiet,
    /// A heading, or a name.
    Strong,
}

impl Style {
    /// The text with its colour.
    pub(crate) fn of(self, text: impl AsRef<str>) -> String {
        let text = text.as_ref();
        match self {
            Self::Good => text.green().to_string(),
            Self::Careful => text.yellow().to_string(),
            Self::Bad => text.red().to_string(),
            Self::Quiet => text.dimmed().to_string(),
            Self::Strong => text.bold().to_string(),
        }
    }
}

/// The sign, the verb and the style of what happens to a step.
pub(super) fn mark(op: Op, adopt: bool) -> (&'static str, &'static str, Style) {
    match op {
        _ if adopt => ("!", "take over", Style::Careful),
        Op::Nothing => ("=", "nothing to do", Style::Quiet),
        Op::Create => ("+", "create", Style::Good),
        Op::Update => ("~", "update", Style::Careful),
        Op::Delete => ("-", "delete", Style::Bad),
    }
}
