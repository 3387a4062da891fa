//! Colours and signs, in one place.

use owo_colors::OwoColorize;
use trustpath_core::Op;

use super::plain::line;

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

/// The line of a step: its sign, its name in a column, and what happens to it.
pub(super) fn heading(step: &str, width: usize, op: Op, adopt: bool) -> String {
    let (sign, what, style) = match op {
        _ if adopt => ("!", "take over", Style::Careful),
        Op::Nothing => ("=", "nothing to do", Style::Quiet),
        Op::Create => ("+", "create", Style::Good),
        Op::Update => ("~", "update", Style::Careful),
        Op::Delete => ("-", "delete", Style::Bad),
    };
    let name = Style::Strong.of(format!("{:width$}", line(step)));
    format!("{} {name}  {}\n", style.of(sign), style.of(what))
}
