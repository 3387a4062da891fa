//! What a managed step needs for each stage of a run: its acts, one after the other. Pure.

use serde_json::Value;

use super::{
    Act, Around, At, Change, Goal, Managed, Right, Stage,
    managed::{Adapter, state},
};
use crate::failure::Result;

impl<M: Managed> Adapter<M> {
    pub(super) fn needs(&self, at: At<'_, M::Takes>, stage: Stage<'_>) -> Result<Vec<Right>> {
        match stage {
            Stage::Plan(goal, change) => self.to_plan(at, goal, change),
            Stage::Change(change) => self.to_write(at, change),
            Stage::Undo(change) => self.to_undo(at, change),
            Stage::Prove(proven) => {
                let proven = state::<M::State>(proven)?;
                Ok([self.act(at, Act::Observe), self.act(at, Act::Prove(proven.as_ref()))].concat())
            }
            Stage::Unseen => Ok([self.act(at, Act::Observe), self.act(at, Act::WriteUnseen)].concat()),
        }
    }

    fn to_plan(&self, at: At<'_, M::Takes>, goal: &Goal, change: &Change) -> Result<Vec<Right>> {
        let (now, to) = (state(change.before.as_ref())?, state(change.after.as_ref())?);
        let (now, to) = (now.as_ref(), to.as_ref());
        let more = match goal {
            Goal::Present if change.before == change.after => self.act(at, Act::Survey(Around::Making, now)),
            Goal::Present => {
                [self.act(at, Act::Survey(Around::Making, now)), self.act(at, Act::Rehearse(now, to))].concat()
            }
            Goal::Absent => self.act(at, Act::Survey(Around::Removing, now)),
            Goal::Back(_) => Vec::new(),
        };
        Ok([self.act(at, Act::Observe), more].concat())
    }

    fn to_write(&self, at: At<'_, M::Takes>, change: &Change) -> Result<Vec<Right>> {
        let mut rights = Vec::new();
        for part in self.changes(change)? {
            let (now, to) = (state(part.before.as_ref())?, state(part.after.as_ref())?);
            rights.extend(self.act(at, Act::Write(now.as_ref(), to.as_ref())));
        }
        Ok(rights)
    }

    /// From every point of the way: a run may be cut off at any of them.
    fn to_undo(&self, at: At<'_, M::Takes>, change: &Change) -> Result<Vec<Right>> {
        let mut rights = self.act(at, Act::Observe);
        for reached in self.changes(change)? {
            let back = Change { before: reached.after, after: change.before.clone() };
            rights.extend(self.to_write(at, &back)?);
        }
        Ok(rights)
    }

    fn act(&self, at: At<'_, M::Takes>, act: Act<'_, M::State>) -> Vec<Right> {
        self.0.rights(at, act)
    }
}

/// The change that removes a state that was reached.
pub(crate) fn removal(reached: Option<&Value>) -> Change {
    Change { before: reached.cloned(), after: None }
}
