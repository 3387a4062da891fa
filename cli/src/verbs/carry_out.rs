//! What `apply` and `destroy` have in common: plan, ask, journal, run, tell.

use trustpath_core::{
    Class, Failure, Note,
    graph::{Selection, StepIndex},
    journal::{End, Journal, Record, Verb},
    run::{Ended, Engine, Failures, Outcome, RunPlan},
};
use trustpath_platform::lock::LockPurpose;

use super::{
    intended::{Intended, Prune},
    preflight,
};
use crate::{
    args::{ApplyArgs, ConsentArgs, DestroyArgs, RunArgs},
    closing,
    command::Command,
    command_error::{CommandError, Consequence, Stuck},
    exit,
    json::{self, JsonDocument},
    lock::{self, LockRequest, Locks},
    mirror::{self, Mirrored, UnusableJournals},
    open_runs,
    prompt::{self, Confirmed},
    render,
    session::Session,
    signals,
};

/// How many journals of finished runs are kept.
const KEPT: usize = 100;

/// What to carry out.
pub(super) struct Job {
    verb: Verb,
    select: Selection,
    system: Option<String>,
    reason: Option<String>,
    consent: ConsentArgs,
    keep: bool,
    /// What the graph has left goes as well.
    prune: bool,
    going: RunArgs,
}

impl From<ApplyArgs> for Job {
    fn from(ApplyArgs { select, consent, prune, reason, keep, going }: ApplyArgs) -> Self {
        let system = select.system.clone();
        Self { verb: Verb::Apply, select: select.into(), system, reason, consent, keep, prune, going }
    }
}

impl From<DestroyArgs> for Job {
    fn from(DestroyArgs { select, allow_irreversible, reason, going }: DestroyArgs) -> Self {
        let consent = ConsentArgs { allow_irreversible, ..ConsentArgs::default() };
        let (system, select) = (select.system.clone(), Selection::from(select));
        Self { verb: Verb::Destroy, prune: select.is_all(), select, system, reason, consent, keep: false, going }
    }
}

pub(super) async fn carry_out(command: &Command, job: Job) -> Result<u8, CommandError> {
    let session = Session::open(command, job.system.as_deref())?.because(job.reason.as_deref());
    let (cancel, _listening) = signals::listen(&command.screen, signals::WRITING, job.going.grace)?;
    let mirror = Mirrored::of(&session).await?;
    if mirror.is_there() {
        // Which of the cluster's runs are unfinished, and which at work on another machine, is told by the lock.
        drop(mirror.pull(command).await?);
    }
    closing::close(&session, None, &job.going.locking, &cancel).await?;
    if !mirror.is_there() {
        open_runs::refuse(&session, &UnusableJournals::default()).await?;
    }
    let consent = session.consent(job.consent.clone(), job.keep)?;
    let engine = session.engine(consent, cancel.clone());
    let (purpose, asks_rights) = (LockPurpose::Begin, !job.going.no_preflight);
    let wish = LockRequest { verb: job.verb.name(), purpose, asks_rights, options: job.going.locking.clone() };
    lock::under(&session, &cancel, wish, async |locks| {
        if locks.mirror.is_there() {
            open_runs::refuse(&session, &locks.unfit).await?;
        }
        let is_one_run = !job.prune || job.verb == Verb::Destroy;
        let engine = engine.with_guard(if is_one_run { locks.guard() } else { locks.guard_of_several() });
        locked(locks, &engine, &job).await
    })
    .await
}

/// What is planned under the locks is still true when it is carried out.
async fn locked(locks: &Locks<'_>, engine: &Engine, job: &Job) -> Result<u8, CommandError> {
    let command = locks.session.command;
    let screen = &command.screen;
    let intended = job.intended(command, engine).await?;
    let Intended { engine, plan, .. } = &intended;
    locks.mention();
    let document = intended.document(locks.session.scope.notes());
    screen.text(&render::plan(&document))?;
    intended.consented()?;
    if !job.going.no_preflight && intended.is_for_rights() {
        preflight(command, engine, &intended.needs()?.planned_again(!job.going.yes)).await?;
    }
    if intended.is_nothing() {
        if screen.is_json() {
            screen.json(&JsonDocument::Run(json::RunDocument::nothing(document).into()))?;
        }
        return Ok(exit::OK);
    }
    if prompt::confirm(screen, question(job.verb), job.going.yes, locks.cancel).await? == Confirmed::JustNow {
        engine.ensure_unchanged(plan, &engine.plan(job.verb, &job.select).await?)?;
    }
    match intended.due() {
        None => report_end(command, carried(locks, engine, plan, document).await?),
        Some(prune) => with_prune(locks, (engine, plan, document), prune).await,
    }
}

impl Job {
    async fn intended(&self, command: &Command, engine: &Engine) -> Result<Intended, Failures> {
        match self.prune {
            true => Intended::whole(command, engine, self.verb).await,
            false => Intended::plain(engine, self.verb, &self.select).await,
        }
    }
}

pub(super) fn question(verb: Verb) -> &'static str {
    match verb {
        Verb::Apply => "Make these changes?",
        Verb::Destroy => "Remove these?",
    }
}

/// What became of a run that has ended, and the verdict on it.
pub(super) type Told = (json::RunDocument, Result<u8, CommandError>);

/// The plan first; where that is carried out, what the graph has left, by a run of its own.
async fn with_prune(
    locks: &Locks<'_>,
    (engine, plan, document): (&Engine, &RunPlan, json::PlanDocument),
    prune: &Prune,
) -> Result<u8, CommandError> {
    let command = locks.session.command;
    let screen = &command.screen;
    let mut shown = match plan.is_nothing() {
        true => json::RunDocument::nothing(document),
        false => match carried(locks, engine, plan, document).await? {
            (shown, Ok(_)) => shown,
            failed => return report_end(command, failed),
        },
    };
    if shown.run.is_some() {
        screen.text(&render::outcome(&shown))?;
    }
    let (pruned, answer) = match pruned(locks, prune).await {
        Ok((pruned, answer)) => (Some(pruned), answer),
        Err(trouble) => (None, Err(trouble)),
    };
    if let Some(pruned) = &pruned {
        screen.text(&render::outcome(pruned))?;
    }
    shown.pruned = pruned.map(Box::new);
    let written = if screen.is_json() { screen.json(&JsonDocument::Run(shown.into())) } else { Ok(()) };
    CommandError::after(written, answer.map_err(CommandError::already_reported))
}

/// Removes what the graph has left, unless that is not as it was shown any more.
async fn pruned(locks: &Locks<'_>, prune: &Prune) -> Result<Told, CommandError> {
    let document = |plan| json::PlanDocument::of(prune.engine.graph(), plan, locks.session.scope.notes());
    match prune.again().await {
        Ok(plan) => carried(locks, &prune.engine, &plan, document(&plan)).await,
        Err(failures) => {
            let trouble = CommandError::from(failures);
            let never_begun = json::RunDocument::nothing(document(&prune.plan));
            Ok((json::RunDocument { failure: Some(trouble.report()), ..never_begun }, Err(trouble)))
        }
    }
}

/// Carries a plan out, as a run of its own.
async fn carried(
    locks: &Locks<'_>,
    engine: &Engine,
    plan: &RunPlan,
    document: json::PlanDocument,
) -> Result<Told, CommandError> {
    let command = locks.session.command;
    let (run, path) = command.store()?.next(KEPT)?;
    let journal = Journal::begin(path, locks.session.start(&run, plan, engine).await?).await?;
    let journal = locks.mirror.on(journal, &run);
    let work = async {
        journal.flush().await?;
        locks.during(&run, journal.path(), engine.run(plan, &journal)).await
    };
    let ended = tokio::select! {
        ended = work => ended,
        () = locks.cancel.halted() => return Err(CommandError::halted(command.rollback(&run))),
    };
    let unclosed = match &ended {
        Err(failure) => not_begun(engine, &journal, failure).await?,
        Ok(_) => None,
    };
    mirror::mention_pending(&command.screen, &journal, &run);
    if let Some(why) = unclosed {
        closing::mention(locks, &run, &why)?;
    }
    settled(locks, engine, (run, document), ended?)
}

/// Nothing was written: the run ends before it began. Answers with why a lock may still name it, where it may.
async fn not_begun(engine: &Engine, journal: &Journal, why: &Failure) -> Result<Option<Failure>, Failure> {
    journal.append(Record::UndoStarted { why: why.report() }).await?;
    Ok(engine.close(End::RolledBack, journal).await.err())
}

/// Tells how a run ended.
pub(super) fn report_end(command: &Command, (document, verdict): Told) -> Result<u8, CommandError> {
    CommandError::after(command.screen.show(&JsonDocument::Run(document.into())), verdict)
}

/// How a run ended, where its journal could be written to that end; what has still to be done about its locks is said.
pub(super) fn settled(
    locks: &Locks<'_>,
    engine: &Engine,
    (run, plan): (String, json::PlanDocument),
    ended: Result<Ended, Failure>,
) -> Result<Told, CommandError> {
    let command = locks.session.command;
    let ended = match ended {
        Ok(ended) => quiet(ended),
        Err(failure) => {
            let next = command.resume_command(&command.store()?.read(&run)?);
            return Err(CommandError::from(failure).with(Consequence::Unknown(next)));
        }
    };
    if let Some(why) = &ended.unclosed {
        closing::mention(locks, &run, why)?;
    }
    let back = command.rollback(&run);
    let document = json::RunDocument::of(run, engine.graph(), plan, &ended, back.clone());
    Ok((document, verdict(engine, ended, back)))
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
fn verdict(engine: &Engine, ended: Ended, back: String) -> Result<u8, CommandError> {
    let others: Vec<_> = super::verify::broken(engine, &ended.evidence).into_iter().skip(1).collect();
    let left = steps_of(engine, &ended.left);
    let (original, aftermath) = match ended.outcome {
        Outcome::Done => return Ok(exit::OK),
        Outcome::Kept(original) => (original, Consequence::Kept(back)),
        Outcome::RolledBack(original) => (original, Consequence::Back(left)),
        Outcome::Stuck { original, undo } => (original, Consequence::Stuck(Stuck::new(None, undo, back))),
    };
    Err(CommandError::from(original).and(others).with(aftermath).already_reported())
}

fn steps_of(engine: &Engine, left: &[(StepIndex, Note)]) -> Vec<String> {
    let mut steps: Vec<_> = left.iter().map(|(place, _)| engine.graph().node(*place).name.to_string()).collect();
    steps.dedup();
    steps
}
