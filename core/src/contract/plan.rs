//! What `plan` answers.

use serde::{Deserialize, Serialize};

use super::{Change, ChangeHistory, Op};

/// What a plan is made for.
#[derive(Debug, Clone, PartialEq)]
pub enum Goal {
    /// As the graph file says.
    Present,
    /// Gone, as far as it is ours and no one else needs it.
    Absent,
    /// As it was before a run came, which may have made any part of what it announced.
    Undo(ChangeHistory),
}

/// What a step would change, and whether that can be taken back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// From what is there to what will be there.
    pub change: Change,
    /// Whether it can be taken back.
    pub reversibility: Reversibility,
    /// The object is there, differs, and is not marked as this graph's: taking it over needs consent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adopt: bool,
    /// Some values are known only once the steps before it are applied: it is planned again then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub provisional: bool,
    /// What a removal leaves of the object needs what the step needs: that is left too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retains: bool,
    /// The steps whose objects use this one: it is removed only if theirs are, or are not there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub goes_with: Vec<String>,
    /// What the user should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

impl Plan {
    /// A plan that changes nothing.
    pub fn nothing(state: Option<serde_json::Value>) -> Self {
        let change = Change { before: state.clone(), after: state };
        Self { change, ..Self::default() }
    }

    /// A plan that makes this change, and has nothing to say about it.
    pub fn of(change: Change, undo: Reversibility) -> Self {
        Self { change, reversibility: undo, ..Self::default() }
    }

    /// Whether there is anything to do.
    pub fn is_nothing(&self) -> bool {
        self.change.op() == Op::Nothing
    }
}

/// Whether a change can be taken back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "can", content = "what")]
pub enum Reversibility {
    /// Everything comes back.
    Full,
    /// There is nothing to take back.
    #[default]
    NotNeeded,
    /// Everything comes back if the user supplies this.
    NeedsInput(String),
    /// Something is lost, and this is why.
    Lossy(String),
}

impl Reversibility {
    /// Whether making the change loses something for good.
    pub fn loses(&self) -> bool {
        matches!(self, Self::NeedsInput(_) | Self::Lossy(_))
    }
}

/// Something that the user should know about a plan, without control characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "level", content = "text")]
pub enum Note {
    /// Good to know.
    Info(String),
    /// Likely to hurt later.
    Warning(String),
    /// Something that destroy leaves behind, with the reason.
    Left(String),
}

impl Note {
    /// The sentence.
    pub fn text(&self) -> &str {
        match self {
            Self::Info(text) | Self::Warning(text) | Self::Left(text) => text,
        }
    }
}
