//! What happens in a run, told as it happens.

use std::time::Duration;

use crate::{
    contract::{Change, Evidence, Plan},
    failure::Failure,
};

/// Something that happened to a step.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// It is being read.
    Planning,
    /// It was read.
    Planned(&'a Plan),
    /// It starts to change.
    Applying(&'a Change),
    /// It has changed.
    Applied,
    /// It could not be planned, changed or proven.
    Failed(&'a Failure),
    /// It is being taken back.
    Undoing,
    /// A request of it was answered by nobody: it is looked at again when that cannot be carried out any more, after
    /// this time.
    Settling(Duration),
    /// It is as it was before, but for what is left on purpose.
    Undone {
        /// What that is, each with the reason.
        left: &'a [String],
    },
    /// It could not be taken back.
    UndoFailed(&'a Failure),
    /// It is being proven.
    Proving,
    /// It was proven, or was found not to hold.
    Proven(&'a Evidence),
}

/// Is told what happens. Called from the engine's own task: it must not block.
pub trait Observer: Send + Sync {
    /// Something happened to `step`.
    fn event(&self, step: &str, event: Event<'_>);
}

/// Tells nobody.
impl Observer for () {
    fn event(&self, _: &str, _: Event<'_>) {}
}
