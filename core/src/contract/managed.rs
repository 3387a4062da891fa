//! Steps that own one object: observe, decide, write.

use async_trait::async_trait;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    Act, Change, Check, Context, Evidence, Facts, Gives, Goal, Leaf, Note, Op, Outcome, Part, Plan, Right, Stage,
    Standing, Step, Takes, Trail, Undo, Want,
};
use crate::failure::{Class, Problem, Result};

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

/// What a step decides, given what it saw.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted<S> {
    /// The state to reach.
    pub state: S,
    /// Some of its values are known only once the steps before it are applied.
    pub provisional: bool,
    /// What the user should know.
    pub notes: Vec<Note>,
}

impl<S> From<S> for Wanted<S> {
    fn from(state: S) -> Self {
        Self { state, provisional: false, notes: Vec::new() }
    }
}

/// What destroy leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Released<S> {
    /// What stays; `None` when all of it goes.
    pub state: Option<S>,
    /// Why something stays.
    pub notes: Vec<Note>,
}

impl<S> Released<S> {
    /// All of it goes.
    pub fn all() -> Self {
        Self { state: None, notes: Vec::new() }
    }

    /// It stays as it is, for this reason.
    pub fn kept(state: S, why: impl Into<String>) -> Self {
        Self { state: Some(state), notes: vec![Note::Left(why.into())] }
    }
}

/// What else a step looks at before it decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Around {
    /// Before it makes or changes its object.
    Making,
    /// Before it removes its object: who else uses it?
    Removing,
}

/// A step that owns one object on a server: its configuration *is* the step.
///
/// Observing does I/O and decides nothing; deciding is pure. `write` is the one path by which anything changes: apply,
/// undo and destroy call it with other arguments.
#[async_trait]
pub trait Managed: Send + Sync + 'static {
    /// What it owns: no secrets, no server defaults. Compared and journaled as JSON; identifiers that a server will
    /// not give back (uid, accessor) are `#[serde(skip)]`. Must not serialize to `null`, which means absent.
    type State: Serialize + DeserializeOwned + Send + Sync;
    /// What `desired` and `released` must know besides the object itself; `()` for most.
    type Around: Send + Sync;
    /// The facts that it takes.
    type Takes: Takes;
    /// The facts that it hands on.
    type Gives: Gives;

    /// The systems that it reads or writes, by the names of their handles (`&[Vault::NAME]`): a run locks them before it
    /// plans.
    fn systems(&self) -> &'static [&'static str];

    /// The facts that it hands on. Pure, from configuration alone.
    fn gives(&self, taken: &Self::Takes) -> Self::Gives;

    /// Reads the object.
    async fn observe(&self, at: At<'_, Self::Takes>) -> Result<Option<Self::State>>;

    /// Reads what else has to be known, beside `observe` and at the same time; not called for an undo.
    async fn survey(&self, at: At<'_, Self::Takes>, around: Around) -> Result<Self::Around>;

    /// Reads both at the same time. A step that needs one read for both overrides it, so as to ask nothing twice.
    async fn look(&self, at: At<'_, Self::Takes>, around: Around) -> Result<(Option<Self::State>, Self::Around)> {
        futures::try_join!(self.observe(at), self.survey(at, around))
    }

    /// Decides what the object should be. Pure.
    fn desired(
        &self,
        at: At<'_, Self::Takes>,
        around: &Self::Around,
        now: Option<&Self::State>,
    ) -> Result<Wanted<Self::State>>;

    /// Whether the object bears the mark of this graph. Pure. An object that differs and is not ours needs consent.
    fn ours(&self, at: At<'_, Self::Takes>, around: &Self::Around, now: &Self::State) -> bool;

    /// Decides what destroy leaves of an object that is ours. Pure.
    fn released(
        &self,
        at: At<'_, Self::Takes>,
        around: &Self::Around,
        now: &Self::State,
    ) -> Result<Released<Self::State>>;

    /// Whether what destroy leaves of the object needs what the step needs, so that this has to stay too. Pure.
    fn retains(&self, at: At<'_, Self::Takes>, around: &Self::Around, left: &Self::State) -> bool {
        let (_, _, _) = (at, around, left);
        true
    }

    /// The steps that use the object without being in the way of its removal, as their own objects go before it
    /// ([`Context::needing`]). Pure.
    fn goes_with(&self, at: At<'_, Self::Takes>) -> Vec<String> {
        let _ = at;
        Vec::new()
    }

    /// Whether the change can be taken back. Pure.
    fn undoable(&self, from: Option<&Self::State>, to: Option<&Self::State>) -> Undo {
        let (_, _) = (from, to);
        Undo::Yes
    }

    /// The states on the way, one request apart, the last of them `to`. Pure.
    ///
    /// Two that are equal as JSON are still a request apart: what differs may be a secret. Not asked where nothing differs.
    fn waypoints(&self, from: Option<&Self::State>, to: Option<&Self::State>) -> Result<Vec<Option<Self::State>>> {
        let _ = from;
        Ok(vec![copy(to)?])
    }

    /// Asks the server whether it would take the change (a server-side dry run). Writes nothing.
    async fn rehearse(
        &self,
        at: At<'_, Self::Takes>,
        now: Option<&Self::State>,
        to: Option<&Self::State>,
    ) -> Result<()> {
        let (_, _, _) = (at, now, to);
        Ok(())
    }

    /// Goes from one waypoint to the next with one request. Not found while removing is success.
    async fn write(&self, at: At<'_, Self::Takes>, now: Option<&Self::State>, to: Option<&Self::State>) -> Result<()>;

    /// Proves that the object that is there does its part.
    async fn prove(&self, at: At<'_, Self::Takes>, state: &Self::State) -> Result<Evidence>;

    /// What the systems have to allow for one of these. Pure: asks nobody, and opens no connection.
    fn rights(&self, at: At<'_, Self::Takes>, act: Act<'_, Self::State>) -> Vec<Right>;
}

/// Makes a [`Managed`] configuration a [`Step`].
pub(super) struct Adapter<M>(pub(super) M);

#[async_trait]
impl<M: Managed> Step for Adapter<M> {
    fn wants(&self) -> Vec<Want> {
        M::Takes::wants()
    }

    fn give(&self, name: &str, taken: &Facts, out: &mut Facts) -> Result<()> {
        self.0.gives(&M::Takes::take(taken)?).give(name, out);
        Ok(())
    }

    fn systems(&self) -> &'static [&'static str] {
        self.0.systems()
    }

    async fn plan(&self, cx: &Context, goal: &Goal) -> Result<Plan> {
        let facts = M::Takes::take(cx.facts())?;
        let at = At { cx, facts: &facts };
        match goal {
            Goal::Present => self.make(at).await,
            Goal::Absent => self.remove(at).await,
            Goal::Back(trail) => self.back(at, trail).await,
        }
    }

    fn parts(&self, _: &Context, change: &Change) -> Result<Vec<Part>> {
        Ok(self.changes(change)?.into_iter().map(Part::from).collect())
    }

    async fn apply(&self, cx: &Context, part: &Part) -> Result<()> {
        let facts = M::Takes::take(cx.facts())?;
        let (now, to) = (state(part.change.before.as_ref())?, state(part.change.after.as_ref())?);
        self.0.write(At { cx, facts: &facts }, now.as_ref(), to.as_ref()).await
    }

    fn rights(&self, cx: &Context, stage: Stage<'_>) -> Result<Vec<Right>> {
        let facts = M::Takes::take(cx.facts())?;
        self.needs(At { cx, facts: &facts }, stage)
    }

    async fn verify(&self, cx: &Context) -> Result<Evidence> {
        let facts = M::Takes::take(cx.facts())?;
        let at = At { cx, facts: &facts };
        match self.0.observe(at).await? {
            Some(state) => self.0.prove(at, &state).await,
            None => Ok(absent(cx.step())),
        }
    }
}

impl<M: Managed> Adapter<M> {
    /// The requests of a change, each as the change that it makes.
    pub(super) fn changes(&self, change: &Change) -> Result<Vec<Change>> {
        if change.op() == Op::Nothing {
            return Ok(Vec::new());
        }
        let (from, to) = (state(change.before.as_ref())?, state(change.after.as_ref())?);
        let mut before = change.before.clone();
        let mut parts = Vec::new();
        for waypoint in self.0.waypoints(from.as_ref(), to.as_ref())? {
            let after = waypoint.as_ref().map(json).transpose()?;
            let part = Change { before: std::mem::replace(&mut before, after.clone()), after };
            parts.push(part);
        }
        Ok(parts)
    }

    async fn make(&self, at: At<'_, M::Takes>) -> Result<Plan> {
        let (now, around) = self.0.look(at, Around::Making).await?;
        let wanted = self.0.desired(at, &around, now.as_ref())?;
        let change = Change { before: now.as_ref().map(json).transpose()?, after: Some(json(&wanted.state)?) };
        if change.before == change.after {
            return Ok(Plan { notes: wanted.notes, ..Plan::nothing(change.after) });
        }
        let adopt = now.as_ref().is_some_and(|now| !self.0.ours(at, &around, now));
        if !wanted.provisional {
            self.0.rehearse(at, now.as_ref(), Some(&wanted.state)).await?;
        }
        let undo = self.0.undoable(now.as_ref(), Some(&wanted.state));
        Ok(Plan { adopt, provisional: wanted.provisional, notes: wanted.notes, ..Plan::of(change, undo) })
    }

    async fn remove(&self, at: At<'_, M::Takes>) -> Result<Plan> {
        let (now, around) = self.0.look(at, Around::Removing).await?;
        let Some(now) = now else {
            return Ok(Plan::nothing(None));
        };
        let before = json(&now)?;
        if !self.0.ours(at, &around, &now) {
            let left = Note::Left(format!("it does not bear the mark of the graph `{}`", at.cx.graph()));
            let retains = self.0.retains(at, &around, &now);
            return Ok(Plan { notes: vec![left], retains, ..Plan::nothing(Some(before)) });
        }
        let released = self.0.released(at, &around, &now)?;
        let retains = released.state.as_ref().is_some_and(|left| self.0.retains(at, &around, left));
        let change = Change { before: Some(before), after: released.state.as_ref().map(json).transpose()? };
        if change.before == change.after {
            return Ok(Plan { notes: released.notes, retains, ..Plan::nothing(change.after) });
        }
        let undo = self.0.undoable(Some(&now), released.state.as_ref());
        let goes_with = self.0.goes_with(at);
        Ok(Plan { notes: released.notes, retains, goes_with, ..Plan::of(change, undo) })
    }

    async fn back(&self, at: At<'_, M::Takes>, trail: &Trail) -> Result<Plan> {
        let now = self.0.observe(at).await?.as_ref().map(json).transpose()?;
        match trail.standing(now.as_ref()) {
            Standing::AsBefore => Ok(Plan::nothing(now)),
            Standing::Ours => {
                let change = Change { before: now, after: trail.before().cloned() };
                let (from, to) = (state(change.before.as_ref())?, state(change.after.as_ref())?);
                let undo = self.0.undoable(from.as_ref(), to.as_ref());
                Ok(Plan::of(change, undo))
            }
            Standing::Foreign(leaves) => Err(edited(&leaves).into()),
        }
    }
}

pub(super) fn absent(step: &str) -> Evidence {
    let outcome = Outcome::Failed { why: "it is not there".into(), next: format!("trustpath apply {step}") };
    Evidence { checks: vec![Check { what: "object exists".into(), outcome }] }
}

pub(super) fn edited(leaves: &[Leaf]) -> Problem {
    let paths: Vec<_> = leaves.iter().map(|leaf| leaf.path.as_str()).collect();
    let message = format!("somebody else has changed {} since this run", paths.join(", "));
    Problem::new(Class::Conflict, "trustpath::undo::edited", message)
        .help("put these fields back by hand, or keep the object as it is; nothing else of it was touched")
}

pub(super) fn json<S: Serialize>(state: &S) -> Result<Value> {
    match serde_json::to_value(state) {
        Ok(Value::Null) => Err(defect("a state serialized to null, which means absent").into()),
        Ok(value) => Ok(value),
        Err(error) => Err(defect("a state cannot be written as JSON").because(error).into()),
    }
}

pub(super) fn state<S: DeserializeOwned>(value: Option<&Value>) -> Result<Option<S>> {
    let parsed = value.map(S::deserialize).transpose();
    Ok(parsed.map_err(|error| defect("a recorded state is not one of this kind").because(error))?)
}

fn copy<S: Serialize + DeserializeOwned>(of: Option<&S>) -> Result<Option<S>> {
    state(of.map(json).transpose()?.as_ref())
}

pub(super) fn defect(message: &str) -> Problem {
    Problem::new(Class::Internal, "trustpath::step::state", message)
        .help("this is a defect of the step, or the journal was written by another version of it")
}
