//! What a graph has left: objects that bear its mark, and are in no step of it any more.

use serde_json::Value;

use super::{Answers, Context, Fact, Facts, Reads, rounds::read_in_rounds};
use crate::failure::Result;

/// Finds what a graph has left of one kind, and does nothing about it. Pure: the host reads.
///
/// What may not be read is an answer here: no right is asked for, and the user is told why nothing was looked for.
pub trait Leftovers: Sync {
    /// What is read besides what was answered so far; those that were answered may be named again.
    fn reads(&self, about: &About<'_>, so_far: &Answers) -> Reads;

    /// What is left, and what was not looked at, in whole sentences.
    ///
    /// # Errors
    /// When what was answered is none of what was asked for.
    fn found(&self, about: &About<'_>, answers: &Answers) -> Result<LeftoverSearch>;
}

/// What looking for leftovers of one kind came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LeftoverSearch {
    /// What is left.
    pub leftovers: Vec<Leftover>,
    /// What was not looked at, and why.
    pub notes: Vec<String>,
}

/// An object that is in no step of its graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Leftover {
    /// What it is called, such as `auth/kubernetes/role/old`; a step that removes it has this name.
    pub object: String,
    /// What it does, or why it is left alone.
    pub does: String,
    /// The configuration of a step that would remove it; `None` where it is not certain that it is this graph's.
    pub with: Option<Value>,
    /// What such a step needs as well, as far as there is a step, or a leftover, of that name.
    pub needs: Vec<String>,
    /// What it cannot be without: the first of these names that a step, or a leftover, has; where none has, it is left. None
    /// at all, where there is nothing of the sort.
    pub needs_one_of: Vec<String>,
}

/// The graph for which leftovers are looked for. Of the kind itself it may have no step left.
pub struct About<'a> {
    /// Its id.
    pub graph: &'a str,
    /// Its steps, needed ones first.
    pub steps: Vec<KnownStep<'a>>,
}

/// A step that the graph has.
pub struct KnownStep<'a> {
    /// Its name.
    pub name: &'a str,
    /// The name of its kind.
    pub uses: &'a str,
    /// Its configuration.
    pub with: &'a Value,
    /// The names of the steps that it needs.
    pub needs: &'a [String],
    /// The facts that it sees.
    pub facts: &'a Facts,
    /// The facts that it hands on.
    pub given: &'a Facts,
}

impl About<'_> {
    /// All facts of a type that steps hand on, each with its step.
    pub fn given<F: Fact>(&self) -> impl Iterator<Item = (&str, &F)> {
        self.steps.iter().flat_map(|step| step.given.with_givers())
    }

    /// A fact that is there from the start: each step sees it.
    pub fn ambient<F: Fact>(&self) -> Option<&F> {
        self.steps.first()?.facts.all().next()
    }
}

/// Reads what it takes to find them, round by round.
///
/// # Errors
/// When something cannot be read, or is not what it should be.
pub(crate) async fn search(kind: &dyn Leftovers, about: &About<'_>, cx: &Context) -> Result<LeftoverSearch> {
    let answers = read_in_rounds(|so_far| kind.reads(about, so_far), cx).await?;
    let mut found = kind.found(about, &answers)?;
    found.notes.extend(answers.refusals().map(str::to_owned));
    Ok(found)
}
