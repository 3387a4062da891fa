//! `rollback`: what a run changed is taken back, from its journal alone.

use trustpath_core::{
    Class, Failure, Problem,
    journal::{Journal, Log, Store, replay},
    run::{Cancel, Engine, Outcome, leaving, refuse_other_target},
};

use crate::{
    args::{Going, Rollback},
    closing,
    command::Command,
    exit, json,
    json::{Document, Left, RunState, TakenBack},
    lock::{self, Locks},
    mirror, open_runs, prompt, render,
    session::Session,
    signals::{self, Listening},
    trouble::{Aftermath, Stuck, Trouble},
};

pub(super) async fn run(command: &Command<'_>, args: Rollback) -> Result<u8, Trouble> {
    let log = mirror::chosen(command, args.run.as_deref(), latest).await?;
    take_back(command, &log, args.going, &args.leave).await
}

/// Takes back whatever of a run still stands, but for the steps that are to be left as they are.
pub(super) async fn take_back(command: &Command<'_>, log: &Log, going: Going, leave: &[String]) -> Result<u8, Trouble> {
    leaving(leave, log)?;
    let screen = &command.screen;
    let run = log.start.run.clone();
    if RunState::of(log) == RunState::RolledBack {
        screen.show(&Document::Rollback(json::Rollback::nothing(run)))?;
        return Ok(exit::OK);
    }
    let session = Session::of_run(command, &log.start)?;
    let (cancel, listening) = signals::listen(screen, signals::READING, None)?;
    closing::close(command, &session.handles, Some(&run), (&going.locking, &cancel)).await?;
    lock::to_go_on(command, &session, &cancel, ("rollback", log, &going.locking), async |locks, log| {
        locked(command, &session, locks, &log, (&going, leave), (&cancel, listening)).await
    })
    .await
}

async fn locked(
    command: &Command<'_>,
    session: &Session,
    locks: &Locks,
    log: &Log,
    (going, leave): (&Going, &[String]),
    (cancel, listening): (&Cancel, Listening),
) -> Result<u8, Trouble> {
    let screen = &command.screen;
    let run = log.start.run.clone();
    let steps = TakenBack::of(log, leave);
    if RunState::of(log) == RunState::RolledBack {
        screen.show(&Document::Rollback(json::Rollback::nothing(run)))?;
        return Ok(exit::OK);
    }
    locks.mention(screen);
    screen.text(&format!(
        "What the run {} changed is taken back:\n\n{}{}\n",
        render::line(&run),
        render::taken_back(&steps),
        render::left(leave)
    ))?;
    if !going.no_preflight {
        preflight(command, session, log, leave).await?;
    }
    prompt::confirm(screen, "Take this back?", going.yes, cancel).await?;
    drop(listening);
    let (halt, _listening) = signals::listen(screen, signals::UNDOING, going.grace)?;
    let engine = session.engine(command, Default::default(), Cancel::never()).with_guard(locks.guard());
    let next = command.rollback(&run);
    let journal = opened(&engine, locks, (log, leave)).await?;
    let ended = tokio::select! {
        ended = locks.during(&run, &log.path, engine.rollback_in(&journal, &log.start)) => ended??,
        () = halt.halted() => return Err(Trouble::halted(next)),
    };
    mirror::mention_owed(screen, &journal, &run);
    if let Some(why) = &ended.unclosed {
        closing::mention(command, locks, &run, why)?;
    }
    let stuck = stuck(ended.outcome);
    let stays = Left::of(&replay(&Log::read(&log.path).map_err(Failure::from)?.entries));
    let ended = json::Rollback::ended(run, steps, (leave, stays), &stuck, next.clone());
    let shown = screen.show(&Document::Rollback(ended));
    Trouble::after(shown, verdict(stuck, next))
}

/// The journal of the run, when nothing speaks against going on with it: only then do the locks name the run.
async fn opened(engine: &Engine, locks: &Locks, (log, leave): (&Log, &[String])) -> Result<Journal, Failure> {
    let leaving = leaving(leave, log)?;
    refuse_other_target(&log.start.run, &log.start.target, engine.handles()).await?;
    let journal = locks.mirror.on(Journal::resume(log).await?, &log.start.run);
    for record in leaving {
        journal.append(record).await?;
    }
    Ok(journal)
}

/// Another server than that of the run is refused for what it is, before it is asked for rights.
async fn preflight(command: &Command<'_>, session: &Session, log: &Log, leave: &[String]) -> Result<(), Trouble> {
    refuse_other_target(&log.start.run, &log.start.target, &session.handles).await?;
    let engine = session.engine(command, Default::default(), Cancel::never());
    super::preflight::check(command, &engine, &engine.needs_of_rollback(log, leave)?).await
}

/// The latest run that is not rolled back, or else the latest.
fn latest(store: &Store) -> Result<Log, Failure> {
    let standing = open_runs::latest(store, |state| state != RunState::RolledBack)?;
    let latest = standing.map_or_else(|| open_runs::latest(store, |_| true), |log| Ok(Some(log)))?;
    latest.ok_or_else(|| none(store).into())
}

fn none(store: &Store) -> Problem {
    let message = format!("there is no run in {}", store.directory().display());
    Problem::new(Class::Usage, "trustpath::journal::no_run", message)
        .help("journals lie where the run was made: name that place with --state-dir")
}

fn stuck(outcome: Outcome) -> Vec<Failure> {
    match outcome {
        Outcome::Stuck { undo, .. } => undo,
        Outcome::Done | Outcome::Kept(_) | Outcome::RolledBack(_) => Vec::new(),
    }
}

fn verdict(stuck: Vec<Failure>, next: String) -> Result<u8, Trouble> {
    let mut stuck = stuck.into_iter();
    let Some(first) = stuck.next() else {
        return Ok(exit::OK);
    };
    let aftermath = Aftermath::Stuck(Stuck::new(Some(&first), stuck.collect(), next));
    Err(Trouble::from(first).with(aftermath).told())
}
