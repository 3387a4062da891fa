//! What is there, told as steps of a graph file.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Answers, Context, Fact, Reads, rounds::read_in_rounds};
use crate::failure::Result;

/// Tells an object that is there as a step of its kind, of which a plan would say that there is nothing to do. Pure: the
/// host reads.
///
/// What may not be read is an answer here, and ends up in the notes.
pub trait Import: Sync {
    /// What is read of the object, besides what was answered so far; those that were answered may be named again.
    fn reads(&self, at: &Value, so_far: &Answers) -> Reads;

    /// The object as a step.
    ///
    /// # Errors
    /// When no graph could be about it.
    fn step(&self, at: &Value, answers: &Answers) -> Result<ImportedStep>;
}

/// Where an object is that a step may be about.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectAddress {
    /// What it is, by which kinds register: for what a step hands on, the name of the fact.
    pub of: &'static str,
    /// Its address, as the kind reads it.
    pub at: Value,
}

impl ObjectAddress {
    /// That of what a step hands on, with what else its kind has to know.
    pub fn of<F: Fact>(at: impl Serialize) -> Self {
        Self { of: F::NAME, at: json!(at) }
    }
}

/// An object, told as a step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImportedStep {
    /// What the step may be called.
    pub name: &'static str,
    /// Its configuration; `None` where the object cannot be told by a step.
    pub with: Option<Map<String, Value>>,
    /// What `[connections]` has to say for it.
    pub connections: Value,
    /// What could not be read, and what the step does not say, in whole sentences without secrets.
    pub notes: Vec<String>,
    /// The objects that it stands on.
    pub needs: Vec<ObjectAddress>,
}

/// Reads an object, and tells it as a step.
///
/// # Errors
/// When it cannot be read, or no graph could be about it.
pub(crate) async fn import(kind: &dyn Import, at: &Value, cx: &Context) -> Result<ImportedStep> {
    let answers = read_in_rounds(|so_far| kind.reads(at, so_far), cx).await?;
    let mut step = kind.step(at, &answers)?;
    step.notes.extend(answers.refusals().map(str::to_owned));
    Ok(step)
}
