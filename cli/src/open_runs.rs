//! Runs that were left unfinished: what they made may still be there, so nothing new begins on top of it.

use trustpath_core::{
    Class, Failure, Handles, Problem, Target,
    journal::{Corrupt, Log, Store},
    run::Failures,
};

use crate::{command::Command, json::RunStatus, mirror::UnusableJournals, render::line, session::Session};

/// Refuses to begin while a run against the same servers is unfinished or stuck, or may be: `unfit` are those of which
/// the cluster has something else.
pub(crate) async fn refuse(session: &Session<'_>, unfit: &UnusableJournals) -> Result<(), Failures> {
    let (command, handles) = (session.command, &session.handles);
    let mut unreadable: Vec<_> = unfit.0.iter().map(|(_, failure)| failure.clone()).collect();
    let mut open = Vec::new();
    for (run, found) in unfinished(&command.store().map_err(Failure::from)?)? {
        match found {
            _ if unfit.refuse(&run).is_err() => {}
            Err(corrupt) => unreadable.push(damaged(&run, corrupt)),
            Ok(log) if same_servers(&log.start.target, handles).await => open.push(unfinished_run(command, &log)),
            Ok(_) => {}
        }
    }
    open.append(&mut unreadable);
    if open.is_empty() { Ok(()) } else { Err(Failures(open)) }
}

/// The latest run of which this is true. What was cut off before its first record has changed nothing; any other damaged
/// journal is not passed over, since it may be the very run that is meant.
pub(crate) fn latest(store: &Store, is_meant: impl Fn(RunStatus) -> bool) -> trustpath_core::Result<Option<Log>> {
    for (_, found) in store.read_all()?.into_iter().rev() {
        match found {
            Ok(log) if is_meant(RunStatus::of(&log)) => return Ok(Some(log)),
            Ok(_) | Err(Corrupt::NoStart { .. }) => {}
            Err(corrupt) => return Err(corrupt.into()),
        }
    }
    Ok(None)
}

/// Says that there are such runs, to somebody who only looks.
pub(crate) fn mention(command: &Command) -> trustpath_core::Result<()> {
    for (run, found) in unfinished(&command.store()?)? {
        let next = match found {
            Err(_) => "has a journal that cannot be read: trustpath runs".to_owned(),
            Ok(log) => format!("is {}; to go on: {}", RunStatus::of(&log).words(), command.resume_command(&log)),
        };
        command.screen.warn(&format!("the run {} {next}", line(&run)));
    }
    Ok(())
}

/// The journals of runs that are neither done nor taken back. One that was cut off before its first record has changed
/// nothing; one that a process is at work on has that process's locks to keep others out.
fn unfinished(store: &Store) -> trustpath_core::Result<Vec<(String, Result<Log, Corrupt>)>> {
    let mut runs = store.read_all()?;
    runs.retain(|(run, _)| !store.is_running(run));
    runs.retain(|(_, found)| match found {
        Ok(log) => RunStatus::of(log).is_open(),
        Err(corrupt) => !matches!(corrupt, Corrupt::NoStart { .. }),
    });
    Ok(runs)
}

/// Whether a run was made against these servers. Where that cannot be told, it counts as if it were.
pub(crate) async fn same_servers(then: &Target, handles: &Handles) -> bool {
    for (system, identity) in then {
        if handles.identify(system).await.is_ok_and(|now| now != *identity) {
            return false;
        }
    }
    true
}

fn unfinished_run(command: &Command, log: &Log) -> Failure {
    let run = &log.start.run;
    let message = format!("the run {run} against these servers is {}", RunStatus::of(log).words());
    let help = match command.resume(log) {
        Some(resume) => format!("carry it to its end: {resume}\nor take it back: {}", command.rollback(run)),
        None => format!("take it back: {}", command.rollback(run)),
    };
    Problem::new(Class::Refused, "trustpath::run::unfinished", message).help(help).into()
}

fn damaged(run: &str, corrupt: Corrupt) -> Failure {
    let message = format!("the run {run} may be unfinished: its journal cannot be read");
    Problem::new(Class::Refused, "trustpath::run::unreadable", message)
        .help("restore it; or look at what it says, and move it away when nothing of that run is left on the servers")
        .because(corrupt)
        .into()
}
