//! What `apply` and `destroy` have in common: plan, ask, journal, run, tell.

use trustpath_core::{
    Class, Failure, Note,
    graph::{Place, Selection},
    journal::{End, Journal, Record, Verb},
    run::{Cancel, Ended, Engine, Outcome, RunPlan},
};
use trustpath_platform::lock::Purpose;

use super::preflight;
use crate::{
    args::{Apply, Consent, Destroy, Going},
    closing,
    command::Command,
    exit,
    json::{self, Document},
    lock::{self, Locks, Wish},
    mirror::{self, Mirrored, Unfit},
    open_runs,
    prompt::{self, Confirmed},
    render,
    session::Session,
    signals,
    trouble::{Aftermath, Stuck, Trouble},
};

/// How many journals of runs that are over are kept.
const KEPT: usize = 100;

/// What to carry out.
pub(super) struct Job {
    verb: Verb,
    select: Selection,
    consent: Consent,
    keep: bool,
    going: Going,
}

impl From<Apply> for Job {
    fn from(Apply { select, consent, keep, going }: Apply) -> Self {
        Self { verb: Verb::Apply, select: select.into(), consent, keep, going }
    }
}

impl From<Destroy> for Job {
    fn from(Destroy { select, allow_irreversible, going }: Destroy) -> Self {
        let consent = Consent { allow_irreversible, ..Consent::default() };
        Self { verb: Verb::Destroy, select: select.into(), consent, keep: false, going }
    }
}

pub(super) async fn carry_out(command: &Command<'_>, job: Job) -> Result<u8, Trouble> {
    let session = Session::open(command)?;
    let (cancel, _listening) = signals::listen(&command.screen, signals::WRITING, job.going.grace)?;
    let mirror = Mirrored::of(command, &session).await?;
    if mirror.is_there() {
        // Which of the cluster's runs are unfinished, and which at work on another machine, is told by the lock.
        drop(mirror.pull(command).await?);
    }
    closing::close(command, &session.handles, None, (&job.going.locking, &cancel)).await?;
    if !mirror.is_there() {
        open_runs::refuse(command, &session.handles, &Unfit::default()).await?;
    }
    let permissions = session.permissions(job.consent.clone(), job.keep)?;
    let engine = session.engine(command, permissions, cancel.clone());
    let (purpose, asks_rights) = (Purpose::Begin, !job.going.no_preflight);
    let wish = Wish { verb: job.verb.name(), purpose, asks_rights, options: job.going.locking.clone() };
    lock::under(command, &session, &cancel, wish, async |locks| {
        if locks.mirror.is_there() {
            open_runs::refuse(command, &session.handles, &locks.unfit).await?;
        }
        let engine = engine.with_guard(locks.guard());
        locked(command, &session, &engine, locks, &job, &cancel).await
    })
    .await
}

/// What is planned under the locks is still true when it is carried out.
async fn locked(
    command: &Command<'_>,
    session: &Session,
    engine: &Engine,
    locks: &Locks,
    job: &Job,
    cancel: &Cancel,
) -> Result<u8, Trouble> {
    let screen = &command.screen;
    let plan = engine.plan(job.verb, &job.select).await?;
    locks.mention(screen);
    let document = json::Plan::of(&session.graph, &plan, session.scope.notes(), None);
    screen.text(&render::plan(&document))?;
    engine.consented(&plan)?;
    if !job.going.no_preflight && is_for_rights(&plan) {
        preflight::check(command, engine, &engine.needs(&plan)?.planned_again(!job.going.yes)).await?;
    }
    if plan.is_nothing() {
        if screen.is_json() {
            screen.json(&Document::Run(json::Run::nothing(document).into()))?;
        }
        return Ok(exit::OK);
    }
    if prompt::confirm(screen, question(job.verb), job.going.yes, cancel).await? == Confirmed::JustNow {
        engine.still(&plan, &engine.plan(job.verb, &job.select).await?)?;
    }
    run(command, session, engine, locks, (&plan, document), cancel).await
}

/// A removal that has nothing to do may have nothing to do because something could not be seen.
fn is_for_rights(plan: &RunPlan) -> bool {
    plan.verb == Verb::Destroy || !plan.is_nothing()
}

pub(super) fn question(verb: Verb) -> &'static str {
    match verb {
        Verb::Apply => "Make these changes?",
        Verb::Destroy => "Remove these?",
    }
}

async fn run(
    command: &Command<'_>,
    session: &Session,
    engine: &Engine,
    locks: &Locks,
    (plan, document): (&RunPlan, json::Plan),
    cancel: &Cancel,
) -> Result<u8, Trouble> {
    let (run, path) = command.store()?.next(KEPT)?;
    let journal = Journal::begin(path, session.start(&run, plan, engine).await?).await?;
    let journal = locks.mirror.on(journal, &run);
    let work = async {
        journal.reflect().await?;
        locks.during(&run, journal.path(), engine.run(plan, &journal)).await
    };
    let ended = tokio::select! {
        ended = work => ended,
        () = cancel.halted() => return Err(Trouble::halted(command.rollback(&run))),
    };
    let unclosed = match &ended {
        Err(failure) => not_begun(engine, &journal, failure).await?,
        Ok(_) => None,
    };
    mirror::mention_owed(&command.screen, &journal, &run);
    if let Some(why) = unclosed {
        closing::mention(command, locks, &run, &why)?;
    }
    told(command, session, (engine, locks), (run, document), ended?)
}

/// Nothing was written: the run ends before it began. Answers with why a lock may still name it, where it may.
async fn not_begun(engine: &Engine, journal: &Journal, why: &Failure) -> Result<Option<Failure>, Failure> {
    journal.append(Record::TurnedBack { why: why.report() }).await?;
    Ok(engine.close(End::RolledBack, journal).await.err())
}

/// Tells how a run ended.
pub(super) fn told(
    command: &Command<'_>,
    session: &Session,
    (engine, locks): (&Engine, &Locks),
    (run, document): (String, json::Plan),
    ended: Result<Ended, Failure>,
) -> Result<u8, Trouble> {
    let back = command.rollback(&run);
    let ended = match ended {
        Ok(ended) => quiet(ended),
        Err(failure) => {
            let next = command.go_on(&command.store()?.read(&run)?);
            return Err(Trouble::from(failure).with(Aftermath::Unknown(next)));
        }
    };
    if let Some(why) = &ended.unclosed {
        closing::mention(command, locks, &run, why)?;
    }
    let document = json::Run::of(run, &session.graph, document, &ended, back.clone());
    let shown = command.screen.show(&Document::Run(document.into()));
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
    let left = steps_of(engine, &ended.left);
    let (original, aftermath) = match ended.outcome {
        Outcome::Done => return Ok(exit::OK),
        Outcome::Kept(original) => (original, Aftermath::Kept(back)),
        Outcome::RolledBack(original) => (original, Aftermath::Back(left)),
        Outcome::Stuck { original, undo } => (original, Aftermath::Stuck(Stuck::new(None, undo, back))),
    };
    Err(Trouble::from(original).and(others).with(aftermath).told())
}

fn steps_of(engine: &Engine, left: &[(Place, Note)]) -> Vec<String> {
    let mut steps: Vec<_> = left.iter().map(|(place, _)| engine.graph().node(*place).name.to_string()).collect();
    steps.dedup();
    steps
}
