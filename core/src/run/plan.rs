//! What a run would do: every step is read at the same time, under the limit, and nothing is written.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Engine,
    outcome::{Failures, caught_at_once, in_time, interrupted},
    run_plan::{Planned, Relation, RunPlan},
    schedule::side_by_side,
    settings::{Consent, Event},
};
use crate::{
    contract::{Context, Goal, Note, Plan, RequestList, Reversibility, SharedReads},
    failure::{Class, Failure, Problem, Result},
    graph::{Graph, Selection, StepIndex, word},
    journal::Verb,
};

impl Engine {
    /// Reads the chosen steps, and those that they depend on, and finds what has to change.
    ///
    /// # Errors
    /// Every step that cannot be planned, in the order of the graph; a neighbor that has something to do.
    pub async fn plan(&self, verb: Verb, selection: &Selection) -> Result<RunPlan, Failures> {
        self.plan_in(verb, selection, &Arc::default()).await
    }

    /// The same with reads that are shared with others.
    pub(super) async fn plan_in(
        &self,
        verb: Verb,
        selection: &Selection,
        readings: &Arc<SharedReads>,
    ) -> Result<RunPlan, Failures> {
        let selected = selection.places(&self.graph).map_err(Failure::from)?;
        let (chosen, unread) = self.looked_at_of(selected);
        let (neighbors, more) = self.looked_at_of(neighbors(&self.graph, verb, &chosen));
        let unread = unread
            .into_iter()
            .chain(more)
            .map(|place| (place, Planned { relation: Relation::Unread, plan: Plan::nothing(None) }));
        let roles = chosen.iter().map(|place| (*place, Relation::Chosen));
        let roles = roles.chain(neighbors.into_iter().map(|place| (place, Relation::Neighbor)));
        let goal = goal(verb);
        let cx = |place| self.context(place).sharing(readings.clone());
        let reads = roles.map(|(place, role)| {
            let read = self.read_in(place, cx(place), &goal);
            async move { (place, (role, read.await)) }
        });
        let answers = side_by_side(self.settings.parallelism, reads).await;
        let mut plan = hold(&self.graph, sort(verb, answers)?);
        check(&self.graph, &plan)?;
        plan.steps.extend(unread);
        Ok(plan)
    }

    /// Whether what was planned is still what there is to do, as a later plan has found it.
    ///
    /// # Errors
    /// When it is not: somebody has changed something in between, and what was agreed to is not what would be done.
    pub fn ensure_unchanged(&self, planned: &RunPlan, now: &RunPlan) -> Result<()> {
        let places: BTreeSet<_> = planned.steps.keys().chain(now.steps.keys()).copied().collect();
        let is_other = |place: &StepIndex| match (planned.steps.get(place), now.steps.get(place)) {
            (Some(then), Some(now)) => then.plan.change != now.plan.change,
            (then, now) => then.is_some() != now.is_some(),
        };
        let other: Vec<_> = places.into_iter().filter(is_other).collect();
        if other.is_empty() { Ok(()) } else { Err(changed_meanwhile(&self.graph.names(other)).into()) }
    }

    /// Plans one step for one goal, within its time.
    pub(super) async fn read(&self, place: StepIndex, goal: &Goal) -> Result<Plan> {
        self.read_in(place, self.context(place), goal).await
    }

    /// Everything in the plan that the user has not agreed to.
    ///
    /// # Errors
    /// One failure for each, in the order of the graph.
    pub fn consented(&self, plan: &RunPlan) -> Result<(), Failures> {
        let changes = plan.changes();
        let objections = changes.flat_map(|(place, plan)| self.objections(self.name(place), plan));
        let objections: Vec<_> = objections.collect();
        if objections.is_empty() { Ok(()) } else { Err(Failures::of(objections)) }
    }

    pub(super) fn objections(&self, step: &str, plan: &Plan) -> Vec<Failure> {
        let objections = [adopt(step, plan, &self.consent), loss(step, plan, &self.consent)];
        objections.into_iter().flatten().map(|objection| Failure::from(objection).in_step(step)).collect()
    }

    /// What carrying out this plan would send, for each step that the run is about: its writes, and its proof.
    ///
    /// # Errors
    /// When a step does not know one of its own changes.
    pub fn requests_of(&self, plan: &RunPlan) -> Result<BTreeMap<StepIndex, RequestList>> {
        let goal = goal(plan.verb);
        let of = |place| {
            let change = &plan.steps[&place].plan.change;
            let listed = caught_at_once(|| self.graph.node(place).step.requests(&self.context(place), &goal, change));
            listed.map_err(|failure| failure.in_step(self.name(place)))
        };
        plan.chosen().into_iter().map(|place| Ok((place, of(place)?))).collect()
    }

    async fn read_in(&self, place: StepIndex, context: Context, goal: &Goal) -> Result<Plan> {
        let name = self.name(place);
        self.observer.event(name, Event::Planning);
        let reading = in_time("read", self.settings.step_timeout, self.graph.node(place).step.plan(&context, goal));
        let answer = tokio::select! {
            answer = reading => answer,
            () = self.cancel.cancelled(), if !matches!(goal, Goal::Undo(_)) => Err(interrupted()),
        };
        let answer = answer.map_err(|failure| failure.in_step(name));
        match &answer {
            Ok(plan) => self.observer.event(name, Event::Planned(plan)),
            Err(failure) => self.observer.event(name, Event::Failed(failure)),
        }
        answer
    }

    /// Those of these steps whose objects are on systems that are looked at, and the others.
    pub(super) fn looked_at_of(&self, places: BTreeSet<StepIndex>) -> (BTreeSet<StepIndex>, BTreeSet<StepIndex>) {
        places.into_iter().partition(|place| self.looks_at(*place))
    }

    /// Whether the object of a step is on a system that is looked at. One that names no system is on none of them.
    pub(super) fn looks_at(&self, place: StepIndex) -> bool {
        let on = self.graph.node(place).step.systems().first();
        on.map_or(self.handles.alone().is_none(), |system| self.handles.looks_at(system))
    }
}

pub(super) fn goal(verb: Verb) -> Goal {
    match verb {
        Verb::Apply => Goal::Present,
        Verb::Destroy => Goal::Absent,
    }
}

fn sort(verb: Verb, answers: Vec<(StepIndex, (Relation, Result<Plan>))>) -> Result<RunPlan, Failures> {
    let mut steps = BTreeMap::new();
    let mut failures = Vec::new();
    for (place, (role, answer)) in answers {
        match answer {
            Ok(plan) => drop(steps.insert(place, Planned { relation: role, plan })),
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() { Ok(RunPlan { verb, steps }) } else { Err(Failures::of(failures)) }
}

fn changed_meanwhile(steps: &str) -> Problem {
    let message = format!("since the plan was shown, somebody has changed what it was made from: {steps}");
    Problem::new(Class::Conflict, "trustpath::run::changed_meanwhile", message)
        .help("nothing was written: run it again to see what there is to do now")
}

/// The steps outside of the chosen ones that a run depends on: what they need, or, when destroying, what needs them.
pub(super) fn neighbors(graph: &Graph, verb: Verb, chosen: &BTreeSet<StepIndex>) -> BTreeSet<StepIndex> {
    match verb {
        Verb::Apply => graph.needed_outside(chosen),
        Verb::Destroy => graph.needing_outside(chosen),
    }
}

/// What lies outside of the command must have nothing to do.
fn check(graph: &Graph, plan: &RunPlan) -> Result<(), Failures> {
    let behind = |(place, planned): (&StepIndex, &Planned)| {
        (planned.relation == Relation::Neighbor && !is_satisfied(plan.verb, &planned.plan)).then_some(*place)
    };
    let behind: BTreeSet<_> = plan.steps.iter().filter_map(behind).collect();
    if behind.is_empty() {
        return Ok(());
    }
    let command = command(graph, plan, &behind);
    let failures = behind.iter().map(|place| not_ready(graph, plan, *place, &command));
    Err(Failures::of(failures))
}

/// Nothing to do, or nothing left to do: what destroy has to leave is no reason to keep what it needs.
fn is_satisfied(verb: Verb, plan: &Plan) -> bool {
    match verb {
        Verb::Apply => plan.is_nothing(),
        Verb::Destroy => plan.change.before.is_none(),
    }
}

/// A step outside of the command has something to do first.
fn not_ready(graph: &Graph, plan: &RunPlan, place: StepIndex, command: &str) -> Failure {
    let (step, chosen) = (&graph.node(place).name, plan.chosen());
    let (code, message) = match plan.verb {
        Verb::Apply => {
            let by = graph.names(graph.descendants(place).filter(|other| chosen.contains(other)));
            ("trustpath::run::needs_first", format!("`{step}` is needed by {by}, and is not as the graph file says"))
        }
        Verb::Destroy => {
            let by = graph.names(graph.ancestors(place).filter(|other| chosen.contains(other)));
            ("trustpath::run::needed_still", format!("`{step}` still needs {by}"))
        }
    };
    let help = format!("{} it too: {command}", plan.verb.name());
    Failure::from(Problem::new(Class::Refused, code, message).help(help)).in_step(step)
}

/// The command that would include them.
fn command(graph: &Graph, plan: &RunPlan, behind: &BTreeSet<StepIndex>) -> String {
    let all: BTreeSet<_> = plan.chosen().union(behind).copied().collect();
    let names: Vec<_> = all.iter().map(|place| word(&graph.node(*place).name)).collect();
    format!("trustpath {} {}", plan.verb.name(), names.join(" "))
}

/// What destroy leaves holds what it needs: a chain that is in use stays whole.
///
/// Turns the removal of what something that stays needs into a plan that leaves it, and says why.
///
/// Steps that need others come first, so that what is held holds what it needs in its turn.
fn hold(graph: &Graph, mut plan: RunPlan) -> RunPlan {
    if plan.verb != Verb::Destroy {
        return plan;
    }
    for place in graph.places().rev() {
        let Some(planned) = plan.steps.get(&place).filter(|planned| is_removed(planned)) else { continue };
        let by: BTreeSet<_> =
            graph.descendants(place).filter(|other| holds(graph, &plan, *other, &planned.plan)).collect();
        if !by.is_empty() {
            let held = held(&planned.plan, by.len(), &graph.names(by));
            plan.steps.insert(place, Planned { relation: Relation::Chosen, plan: held });
        }
    }
    plan
}

fn is_removed(planned: &Planned) -> bool {
    planned.relation == Relation::Chosen && !planned.plan.is_nothing()
}

/// Whether what stays of a step needs the object of this plan.
fn holds(graph: &Graph, plan: &RunPlan, other: StepIndex, removal: &Plan) -> bool {
    let Some(Planned { plan, .. }) = plan.steps.get(&other) else { return false };
    let uses = || removal.goes_with.iter().any(|name| **name == *graph.node(other).name);
    plan.change.after.is_some() && (plan.retains || uses())
}

fn held(removal: &Plan, by: usize, names: &str) -> Plan {
    let why = match by {
        1 => format!("{names} stays, and needs it"),
        _ => format!("{names} stay, and need it"),
    };
    Plan { retains: true, notes: vec![Note::Left(why)], ..Plan::nothing(removal.change.before.clone()) }
}

/// It would take over something that is not marked as this graph's.
fn adopt(step: &str, plan: &Plan, consent: &Consent) -> Option<Problem> {
    let message = format!("`{step}` is there already, differs, and does not bear the mark of this graph");
    let problem = Problem::new(Class::Conflict, "trustpath::run::adopt", message)
        .help(format!("look at the difference in `trustpath plan`, then: --adopt {}", word(step)));
    (plan.adopt && !consent.adopt.contains(step)).then_some(problem)
}

/// It would lose something for good, or something that only the user can supply.
fn loss(step: &str, plan: &Plan, consent: &Consent) -> Option<Problem> {
    let (message, help) = match &plan.reversibility {
        Reversibility::Full | Reversibility::NotNeeded => return None,
        _ if consent.allow_irreversible => return None,
        Reversibility::NeedsInput(what) => {
            (format!("`{step}` can be taken back only with {what}"), "supply it, or accept the loss")
        }
        Reversibility::Lossy(why) => (format!("`{step}` cannot be taken back: {why}"), "accept the loss"),
    };
    let help = format!("{help} with --allow-irreversible");
    Some(Problem::new(Class::Refused, "trustpath::run::irreversible", message).help(help))
}
