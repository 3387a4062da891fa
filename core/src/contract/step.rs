//! The contract that the engine runs.

use async_trait::async_trait;

use super::{Change, Context, Evidence, Facts, Goal, Part, Plan, RequestList, Right, Stage, Want};
use crate::failure::Result;

/// One link of the chain: planned, applied, verified.
///
/// There is no fourth verb: undo is `plan(Goal::Undo)` followed by `apply`, destroy is `plan(Goal::Absent)` followed
/// by `apply`. What can be applied can be taken back through the same code.
///
/// Laws, which the conformance kit checks for every kind:
/// `plan` writes nothing; `verify` writes nothing but what a login itself leaves; every verb may be run twice, and
/// again after being cut off anywhere; nothing found while removing is success; no secret in state, facts or plans.
#[async_trait]
pub trait Step: Send + Sync {
    /// The facts that this step needs from the steps that it needs.
    fn wants(&self) -> Vec<Want> {
        Vec::new()
    }

    /// Adds the facts that this step hands on. Pure: it is called when the graph is loaded.
    ///
    /// # Errors
    /// When the facts that were taken contradict the step's own configuration.
    fn give(&self, name: &str, taken: &Facts, out: &mut Facts) -> Result<()> {
        let (_, _, _) = (name, taken, out);
        Ok(())
    }

    /// The systems that this step reads or writes, by the names of their handles: a run locks them before it plans. Its
    /// object is on the first.
    fn systems(&self) -> &'static [&'static str] {
        &[]
    }

    /// Finds what has to change to reach the goal. Reads only.
    ///
    /// # Errors
    /// When the server cannot be read, or when the goal cannot be reached from what is there.
    async fn plan(&self, cx: &Context, goal: &Goal) -> Result<Plan>;

    /// Splits a change into its requests, in order: each is journaled, applied, and classified by itself. Pure.
    ///
    /// # Errors
    /// When the change is not one of this step's.
    fn parts(&self, cx: &Context, change: &Change) -> Result<Vec<Part>> {
        let _ = cx;
        Ok(vec![change.clone().into()])
    }

    /// What a run would send for a change that was planned for this goal. Pure.
    ///
    /// # Errors
    /// When the change is not one of this step's.
    fn requests(&self, cx: &Context, goal: &Goal, change: &Change) -> Result<RequestList> {
        let (_, parts) = (goal, self.parts(cx, change)?);
        let writes = parts.iter().filter_map(|part| part.request.as_ref()).map(|request| request.shown()).collect();
        Ok(RequestList { writes, ..RequestList::default() })
    }

    /// Makes one part of a change. Safe to run twice, and again after being cut off.
    ///
    /// # Errors
    /// When the server refuses, or cannot be reached: the change may or may not have been made.
    async fn apply(&self, cx: &Context, part: &Part) -> Result<()>;

    /// Proves that this link holds. Reads, and logs in.
    ///
    /// # Errors
    /// When the proof itself could not be carried out; a link that does not hold is evidence, not an error.
    async fn verify(&self, cx: &Context) -> Result<Evidence>;

    /// What the systems have to allow for this stage of a run. Pure: asks no one, and opens no connection.
    ///
    /// # Errors
    /// When what is to be done is not one of this step's.
    fn rights(&self, cx: &Context, stage: Stage<'_>) -> Result<Vec<Right>>;
}
