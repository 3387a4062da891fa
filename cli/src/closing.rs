//! Runs that lack nothing but their end: their process died when all was done, or could not reach its lock.

use trustpath_core::{
    Failure, Result,
    journal::{Journal, Log, replay},
    run::Cancel,
};

use crate::{
    args::Locking,
    command::Command,
    command_error::CommandError,
    exit,
    lock::{self, LockRequest, Locks},
    mirror, open_runs,
    render::{Style, line},
    session::Session,
};

/// Closes those of these servers whose journal lies here, with a proof that nothing of them is left to do: they are in no
/// one's way then. `about` is the run that the command itself is about. One that cannot be closed is as unfinished as any
/// other.
pub(crate) async fn close(
    session: &Session<'_>,
    about: Option<&str>,
    options: &Locking,
    cancel: &Cancel,
) -> Result<(), CommandError> {
    let store = session.command.store()?;
    for (run, found) in store.read_all()? {
        // What is wrong with a damaged one is said where it is in the way.
        let Ok(log) = found else { continue };
        let is_due = replay(&log.entries).end_due().is_some() && about != Some(&run) && !store.is_running(&run);
        if is_due && open_runs::same_servers(&log.start.target, &session.handles).await {
            close_one(session.command, &log, options, cancel).await?;
        }
    }
    Ok(())
}

async fn close_one(command: &Command, log: &Log, options: &Locking, cancel: &Cancel) -> Result<(), CommandError> {
    let session = match Session::of_run(command, &log.start) {
        Ok(session) if mirror::is_wanted(&session).is_ok() => session,
        Ok(_) => return Ok(()),
        Err(failure) => {
            unproven(command, &log.start.run, &failure);
            return Ok(());
        }
    };
    let closed = lock::under(&session, cancel, LockRequest::to_continue("resume", log, options)?, async |locks| {
        locked(locks, &log.start.run).await.map(|()| exit::OK)
    });
    match closed.await {
        // Its lock names another one, which comes first.
        Err(trouble) if trouble.report().code.is_some_and(|code| code.starts_with(lock::UNFINISHED)) => Ok(()),
        closed => closed.map(drop),
    }
}

/// Who held the locks before may have continued it: its journal is read again.
async fn locked(locks: &Locks<'_>, run: &str) -> Result<(), CommandError> {
    let command = locks.session.command;
    if locks.unfit.refuse(run).is_err() {
        return Ok(());
    }
    let log = command.store()?.read(run)?;
    let engine = locks.engine(log.start.consent.clone());
    let end = match engine.end_due(&log).await {
        Ok(Some(end)) => end,
        Ok(None) => return Ok(()),
        Err(failures) => {
            failures.0.iter().for_each(|failure| unproven(command, run, failure));
            return Ok(());
        }
    };
    let journal = locks.mirror.on(Journal::resume(&log).await?, run);
    engine.close(end, &journal).await?;
    mirror::mention_pending(&command.screen, &journal, run);
    let words = format!("The run {} had done all that it was to do: it is closed.", line(run));
    command.screen.say(&Style::Quiet.of(words));
    Ok(())
}

fn unproven(command: &Command, run: &str, why: &Failure) {
    let (run, why) = (line(run), line(&why.to_string()));
    command.screen.warn(&format!("whether the run {run} is finished cannot be told: {why}"));
}

/// Says that a run is finished and that a lock may still name it, and what fixes that.
pub(crate) fn mention(locks: &Locks<'_>, run: &str, why: &Failure) -> Result<()> {
    let command = locks.session.command;
    let (fixes, run) = (command.resume_command(&command.store()?.read(run)?), line(run));
    let elsewhere = match locks.mirror.is_there() {
        true => fixes.clone(),
        false => format!("--abandon {run}"),
    };
    let why = line(&why.to_string());
    command.screen.warn(&format!(
        "the run {run} is finished, and its lock may still say that it is not: {why}\n  \
         nothing has to be taken back, and no other run begins before the lock is fixed: {fixes}\n  \
         the next run from here fixes it too; from another machine: {elsewhere}"
    ));
    Ok(())
}
