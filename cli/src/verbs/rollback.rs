//! `rollback`: what a run changed is taken back, from its journal alone.

use trustpath_core::{
    Class, Failure, Problem,
    journal::{End, Journal, Log, Store, replay},
    run::{Cancel, Engine, Outcome, leaving, refuse_other_target},
};

use crate::{
    args::{RollbackArgs, RunArgs},
    closing,
    command::Command,
    command_error::{CommandError, Consequence, Stuck},
    exit, json,
    json::{JsonDocument, Left, RunStatus, TakenBack},
    lock::{self, Locks},
    mirror, open_runs, prompt, render,
    screen::Screen,
    session::Session,
    signals::{self, Listening},
};

pub(super) async fn run(command: &Command, args: RollbackArgs) -> Result<u8, CommandError> {
    let log = mirror::chosen(command, args.run.as_deref(), latest).await?;
    take_back(command, &log, args.going, &args.leave).await
}

/// Takes back whatever of a run still stands, but for the steps that are to be left as they are.
pub(super) async fn take_back(
    command: &Command,
    log: &Log,
    going: RunArgs,
    leave: &[String],
) -> Result<u8, CommandError> {
    leaving(leave, log)?;
    let screen = &command.screen;
    let run = log.start.run.clone();
    if RunStatus::of(log).is_rolled_back() {
        return nothing(screen, run);
    }
    let session = Session::of_run(command, &log.start)?;
    let (cancel, listening) = signals::listen(screen, signals::READING, None)?;
    closing::close(&session, Some(&run), &going.locking, &cancel).await?;
    lock::continuing(&session, &cancel, ("rollback", log, &going.locking), async |locks, log| {
        locked(locks, &log, (&going, leave), listening).await
    })
    .await
}

async fn locked(
    locks: &Locks<'_>,
    log: &Log,
    (going, leave): (&RunArgs, &[String]),
    listening: Listening,
) -> Result<u8, CommandError> {
    let Locks { session, cancel, .. } = locks;
    let command = session.command;
    let screen = &command.screen;
    let run = log.start.run.clone();
    let steps = TakenBack::of(log, leave);
    if RunStatus::of(log).is_rolled_back() {
        return nothing(screen, run);
    }
    locks.mention();
    screen.text(&format!(
        "What the run {} changed is taken back:\n\n{}{}\n",
        render::line(&run),
        render::taken_back(&steps),
        render::left(leave)
    ))?;
    if !going.no_preflight {
        refuse_without_rights(session, log, leave).await?;
    }
    prompt::confirm(screen, "Take this back?", going.yes, cancel).await?;
    drop(listening);
    let (halt, _listening) = signals::listen(screen, signals::UNDOING, going.grace)?;
    let engine = session.engine(Default::default(), Cancel::never()).with_guard(locks.guard());
    let next = command.rollback(&run);
    let journal = opened(&engine, locks, (log, leave)).await?;
    let ended = tokio::select! {
        ended = locks.during(&run, &log.path, engine.rollback_in(&journal, &log.start)) => ended??,
        () = halt.halted() => return Err(CommandError::halted(next)),
    };
    mirror::mention_pending(screen, &journal, &run);
    if let Some(why) = &ended.unclosed {
        closing::mention(locks, &run, why)?;
    }
    let stuck = stuck(ended.outcome);
    let stays = Left::of(&replay(&Log::read(&log.path).map_err(Failure::from)?.entries));
    let end = if stuck.is_empty() { End::RolledBack } else { End::Stuck };
    let shown = screen.show(&JsonDocument::Rollback(json::RollbackDocument {
        run,
        outcome: RunStatus::Ended(end),
        steps,
        left: leave.to_vec(),
        stays,
        stuck: stuck.iter().map(Failure::report).collect(),
        next: (end == End::Stuck).then(|| next.clone()),
    }));
    CommandError::after(shown, verdict(stuck, next))
}

fn nothing(screen: &Screen, run: String) -> Result<u8, CommandError> {
    screen.show(&JsonDocument::Rollback(json::RollbackDocument { run, ..Default::default() }))?;
    Ok(exit::OK)
}

/// The journal of the run, when nothing speaks against continuing it: only then do the locks name the run.
async fn opened(engine: &Engine, locks: &Locks<'_>, (log, leave): (&Log, &[String])) -> Result<Journal, Failure> {
    let leaving = leaving(leave, log)?;
    refuse_other_target(&log.start.run, &log.start.target, engine.handles()).await?;
    let journal = locks.mirror.on(Journal::resume(log).await?, &log.start.run);
    for record in leaving {
        journal.append(record).await?;
    }
    Ok(journal)
}

/// Another server than that of the run is refused for what it is, before it is asked for rights.
async fn refuse_without_rights(session: &Session<'_>, log: &Log, leave: &[String]) -> Result<(), CommandError> {
    refuse_other_target(&log.start.run, &log.start.target, &session.handles).await?;
    let engine = session.engine(Default::default(), Cancel::never());
    super::preflight(session.command, &engine, &engine.required_rights_of_rollback(log, leave)?).await
}

/// The latest run that is not rolled back, or else the latest.
fn latest(store: &Store) -> Result<Log, Failure> {
    let standing = open_runs::latest(store, |state| !state.is_rolled_back())?;
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

fn verdict(stuck: Vec<Failure>, next: String) -> Result<u8, CommandError> {
    let mut stuck = stuck.into_iter();
    let Some(first) = stuck.next() else {
        return Ok(exit::OK);
    };
    let aftermath = Consequence::Stuck(Stuck::new(Some(&first), stuck.collect(), next));
    Err(CommandError::from(first).with(aftermath).already_reported())
}
