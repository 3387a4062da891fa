//! Steps that decide, and leave the acting to the host: what is read, sent and tried are values.

use serde::{Serialize, de::DeserializeOwned};

use super::{Answers, Context, Gives, Leg, Note, Proof, Reads, Reversibility, Takes};
use crate::failure::Result;

/// Where a managed step is: its context, and the facts that it takes.
pub struct At<'a, F> {
    /// The context of this step in this run.
    pub cx: &'a Context,
    /// The facts that it takes.
    pub facts: &'a F,
}

impl<F> Clone for At<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for At<'_, F> {}

/// What a step's object is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// To make it as the graph file says.
    Make,
    /// To remove it: who else needs it?
    Remove,
    /// To take back what a run made of it: only the object itself.
    Undo,
    /// To prove it.
    Verify,
}

/// What was seen.
#[derive(Debug, Clone)]
pub struct Seen<S> {
    /// The object; `None` where it is not there.
    pub state: Option<S>,
    /// All answers, those about the object too.
    pub answers: Answers,
}

/// What a step decides, given what was seen.
#[derive(Debug)]
pub struct Decision<S> {
    /// What should be there.
    pub to: Option<S>,
    /// Whether what is there bears the mark of this graph: one that differs and does not needs consent.
    pub ours: bool,
    /// Some values are known only once the steps before it are applied.
    pub provisional: bool,
    /// Whether it can be taken back.
    pub reversibility: Reversibility,
    /// Whether what a removal leaves needs what the step needs, so that this has to stay too.
    pub retains: bool,
    /// The steps that use the object without being in the way of its removal, as their own objects go before it.
    pub goes_with: Vec<String>,
    /// What the user should know.
    pub notes: Vec<Note>,
}

impl<S> Decision<S> {
    /// It should be like this; `ours` says whether what is there bears the mark of this graph.
    pub fn to(to: Option<S>, ours: bool) -> Self {
        Self {
            to,
            ours,
            provisional: false,
            reversibility: Reversibility::Full,
            retains: true,
            goes_with: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// With more to know.
    #[must_use]
    pub fn noting(mut self, notes: impl IntoIterator<Item = Note>) -> Self {
        self.notes.extend(notes);
        self
    }
}

/// A step that owns one object on a server: its configuration *is* the step. It decides; the host acts.
///
/// Every method is pure. Preflight, `permissions`, the journal's parts, undo, dry run and the requests that a plan shows
/// follow from what they answer.
pub trait Managed: Send + Sync + 'static {
    /// The systems that it reads or writes, by the names of their handles: a run locks them before it plans. Its object is on
    /// the first.
    const SYSTEMS: &'static [&'static str];
    /// What it owns: no secrets, no server defaults. Compared and journaled as JSON; identifiers that a server will
    /// not give back (uid, accessor) are `#[serde(skip)]`. Must not serialize to `null`, which means absent.
    type State: Serialize + DeserializeOwned + Send + Sync;
    /// The facts that it takes.
    type Takes: Takes;
    /// The facts that it hands on.
    type Gives: Gives;

    /// The facts that it hands on, from configuration alone.
    fn gives(&self, taken: &Self::Takes) -> Self::Gives;

    /// What is read; once something was seen, what that leads to. Each round is a round trip: what does not depend on
    /// the object belongs into the first.
    ///
    /// For the rights of a state that a journal has, `seen` has that state and no answers.
    fn reads(&self, at: At<'_, Self::Takes>, intent: Intent, seen: Option<&Seen<Self::State>>) -> Reads;

    /// The object, from what was answered so far; asked again after each round.
    ///
    /// # Errors
    /// When what is there is not what the step keeps.
    fn state(&self, at: At<'_, Self::Takes>, answers: &Answers) -> Result<Option<Self::State>>;

    /// What should be there. Asked to make and to remove; a removal only of something that is there.
    ///
    /// # Errors
    /// When the goal cannot be reached from what was seen.
    fn decide(
        &self,
        at: At<'_, Self::Takes>,
        intent: Intent,
        seen: &Seen<Self::State>,
    ) -> Result<Decision<Self::State>>;

    /// Every request on the way from one state to another, each with the state that it leads to, the last of them `to`.
    ///
    /// Two states may be equal as JSON and a request apart: what differs may be a secret. Not asked where nothing differs.
    ///
    /// # Errors
    /// When there is no such way.
    fn route(
        &self,
        at: At<'_, Self::Takes>,
        from: Option<&Self::State>,
        to: Option<&Self::State>,
    ) -> Result<Vec<Leg<Self::State>>>;

    /// What shows that the object that is there does its part. For its rights, `seen` has the state and no answers.
    ///
    /// # Errors
    /// When what was seen cannot be judged.
    fn proof(&self, at: At<'_, Self::Takes>, seen: &Seen<Self::State>) -> Result<Proof>;
}
