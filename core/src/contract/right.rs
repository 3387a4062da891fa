//! Rights: what a step needs the systems to allow, as plain data.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Change, Goal};

/// What a system has to allow.
#[derive(Debug, Clone, PartialEq)]
pub struct Right {
    /// The name of the system: that of its [`Handle`](super::Handle).
    pub system: &'static str,
    /// What, in one line, such as `` `update` on `sys/policies/acl/apps-read` ``. Two that read the same are the same
    /// right, though what it is used for may differ in detail.
    pub what: String,
    /// The same for the system's own handle, which alone understands it.
    pub grant: Value,
}

/// A verb of the program that needs rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// `plan`, and the plan that other verbs begin with.
    Plan,
    /// `apply`.
    Apply,
    /// `verify`, and the proof at the end of an apply.
    Verify,
    /// `rollback`, and the undo of a run that fails.
    Rollback,
    /// `destroy`.
    Destroy,
}

impl Purpose {
    /// The verb.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Apply => "apply",
            Self::Verify => "verify",
            Self::Rollback => "rollback",
            Self::Destroy => "destroy",
        }
    }
}

/// One of the things that the engine does with a step, and needs rights for.
#[derive(Debug, Clone, Copy)]
pub enum Stage<'a> {
    /// Planning for this goal, which comes to this change.
    Plan(&'a Goal, &'a Change),
    /// Making this change.
    Change(&'a Change),
    /// Taking this change back, of which any part may have been made.
    Undo(&'a Change),
    /// Proving this state; `None` where it is not known.
    Verify(Option<&'a Value>),
    /// Changing what could not be seen, in any way.
    Unseen,
}

/// What a run asks of the credentials of a system, besides rights.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Demand {
    /// How many requests it makes at most, the undo included, where each is answered when it is first sent, and where a
    /// right that stands for many is used for one of them.
    pub requests: usize,
    /// The rights that are asked for before it begins.
    pub rights: Vec<Right>,
    /// Whether it is planned once more before it begins.
    pub plans_again: bool,
    /// How long it may take by its limits, the undo included.
    pub time: Duration,
}

/// What a system does not allow.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MissingRights {
    /// The rights that are missing, each with the number of the right that was asked for: that one may stand for many.
    pub missing: Vec<(usize, Right)>,
    /// What could not be asked, and why, in whole sentences.
    pub unasked: Vec<String>,
}
