//! What `apply` and `destroy` have in common: plan, ask, journal, run, tell.

use trustpath_core::{
    Class,
    graph::Selection,
    journal::{Journal, Verb},
    run::{Ended, Engine, Outcome, RunPlan},
};

use super::preflight;
use crate::{
    args::Consent,
    command::Command,
    exit, json,
    json::{RunEntry, RunState},
    prompt,
    render::{self, Style},
    session::Session,
    signals,
    trouble::{Aftermath, Trouble},
};

/// What to carry out.
pub(super) struct Job {
    pub(super) verb: Verb,
    pub(super) select: Selection,
    pub(super) consent: Consent,
    pub(super) keep: bool,
    pub(super) yes: bool,
    pub(super) preflight: bool,
}

pub(super) async fn carry_out(command: &Command<'_>, job: Job) -> Result<u8, Trouble> {
    let screen = &command.screen;
    let session = Session::open(command)?;
    mention_open_runs(command, session.graph.id())?;
    let permissions = session.permissions(job.consent, job.keep)?;
    let (cancel, _listening) = signals::listen(screen, signals::WRITING)?;
    let engine = session.engine(command, permissions, cancel.clone());
    let plan = engine.plan(job.verb, &job.select).await?;
    let document = json::Plan::of(&session.graph, &plan, None);
    screen.text(&render::plan(&document))?;
    engine.consented(&plan)?;
    if job.preflight && is_for_rights(&plan) {
        preflight::check(command, &engine, &engine.needs(&plan)?).await?;
    }
    if plan.is_nothing() {
        if screen.is_json() {
            screen.json(&json::Run::nothing(document))?;
        }
        return Ok(exit::OK);
    }
    prompt::confirm(screen, question(job.verb), job.yes, &cancel).await?;
    run(command, &session, &engine, &plan, document).await
}

/// A removal that has nothing to do may have nothing to do because something could not be seen.
fn is_for_rights(plan: &RunPlan) -> bool {
    plan.verb == Verb::Destroy || !plan.is_nothing()
}

fn question(verb: Verb) -> &'static str {
    match verb {
        Verb::Apply => "Make these changes?",
        Verb::Destroy => "Remove these?",
    }
}

async fn run(
    command: &Command<'_>,
    session: &Session,
    engine: &Engine,
    plan: &RunPlan,
    document: json::Plan,
) -> Result<u8, Trouble> {
    let (run, path) = command.store()?.next()?;
    let journal = Journal::begin(path, session.start(&run, plan.verb).await?).await?;
    let back = command.rollback(&run);
    let ended = match engine.run(plan, &journal).await {
        Ok(ended) => ended,
        Err(failure) => return Err(Trouble::from(failure).with(Aftermath::Unknown(back))),
    };
    let ended = quiet(ended);
    let shown = command.screen.show(&json::Run::of(run, &session.graph, document, &ended, back.clone()));
    Trouble::after(shown, verdict(engine, ended, back))
}

/// Proofs that were cut off by an interruption say nothing about the chain.
fn quiet(ended: Ended) -> Ended {
    match &ended.outcome {
        Outcome::RolledBack(why) | Outcome::Stuck { original: why, .. } if why.class() == Class::Interrupted => {
            Ended { evidence: Vec::new(), ..ended }
        }
        _ => ended,
    }
}

/// The failure that the run turned back for first, then what became of what it had made.
fn verdict(engine: &Engine, ended: Ended, back: String) -> Result<u8, Trouble> {
    let others: Vec<_> = super::verify::broken(engine, &ended.evidence).into_iter().skip(1).collect();
    let (original, aftermath) = match ended.outcome {
        Outcome::Done => return Ok(exit::OK),
        Outcome::Kept(original) => (original, Aftermath::Kept(back)),
        Outcome::RolledBack(original) => (original, Aftermath::Back),
        Outcome::Stuck { original, undo } => (original, Aftermath::Stuck(undo, back)),
    };
    Err(Trouble::from(original).and(others).with(aftermath).told())
}

/// An earlier run of this graph that was cut off, or is stuck, is worth a word before another one begins.
fn mention_open_runs(command: &Command<'_>, graph: &str) -> Result<(), Trouble> {
    for (run, log) in command.store()?.read_all()? {
        let entry = RunEntry::of(run, log, |run| command.rollback(run));
        let what = match entry.state {
            RunState::Unfinished => "is unfinished",
            RunState::Stuck => "is stuck",
            RunState::Damaged => "has a journal that cannot be read: trustpath runs",
            RunState::Done | RunState::Kept | RunState::RolledBack => continue,
        };
        if entry.graph.as_deref().is_some_and(|other| other != graph) {
            continue;
        }
        let next = entry.next.map(|next| format!("; to take it back: {next}")).unwrap_or_default();
        let (warning, run) = (Style::Careful.of("warning:"), render::line(&entry.run));
        command.screen.say(&format!("{warning} the run {run} {what}{next}"));
    }
    Ok(())
}
