//! `resume`: a run that was cut off is carried to its end.

use trustpath_core::{
    Class, Failure, Problem,
    journal::{Journal, Log, Store, replay},
};

use super::{
    carry_out::{question, report_end, settled},
    preflight,
    rollback::take_back,
};
use crate::{
    args::{ResumeArgs, RunArgs},
    closing,
    command::Command,
    command_error::CommandError,
    json,
    json::RunStatus,
    lock::{self, Locks},
    mirror, open_runs,
    prompt::{self, Confirmed},
    render::{self, Style},
    session::{self, Session},
    signals,
};

pub(super) async fn run(command: &Command, args: ResumeArgs) -> Result<u8, CommandError> {
    let log = mirror::chosen(command, args.run.as_deref(), latest).await?;
    match RunStatus::of(&log).is_open() {
        true if is_forward(&log) => forward(command, &log, args.going).await,
        true => take_back(command, &log, args.going, &[]).await,
        false => Err(already_finished(&log).into()),
    }
}

fn is_forward(log: &Log) -> bool {
    replay(&log.entries).is_forward()
}

async fn forward(command: &Command, log: &Log, going: RunArgs) -> Result<u8, CommandError> {
    let session = Session::of_run(command, &log.start)?;
    let (cancel, _listening) = signals::listen(&command.screen, signals::WRITING, going.grace)?;
    closing::close(&session, Some(&log.start.run), &going.locking, &cancel).await?;
    lock::continuing(&session, &cancel, ("resume", log, &going.locking), async |locks, log| {
        // Whoever held the locks before may have taken it back, or to its end.
        if !is_forward(&log) {
            return Err(went_on(&log).into());
        }
        locked(locks, &log, &going).await
    })
    .await
}

async fn locked(locks: &Locks<'_>, log: &Log, going: &RunArgs) -> Result<u8, CommandError> {
    let Locks { session, cancel, .. } = locks;
    let (command, start) = (session.command, &log.start);
    let screen = &command.screen;
    let engine = locks.engine(start.consent.clone());
    let rest = engine.plan_remaining(log).await?;
    locks.mention();
    let document = json::PlanDocument::of(&session.graph, &rest, session.scope.notes());
    let plan = render::plan(&document);
    screen.text(&format!("What the run {} has still to do:\n\n{plan}", render::line(&start.run)))?;
    engine.consented(&rest)?;
    if !going.no_preflight {
        let needs = engine.required_rights_of_rest(&rest, log)?;
        preflight(command, &engine, &needs.planned_again(!going.yes)).await?;
    }
    match rest.is_nothing() {
        true => screen.say(&Style::Quiet.of("All of it is made: what is left is to prove it.")),
        false if prompt::confirm(screen, question(start.verb), going.yes, cancel).await? == Confirmed::JustNow => {
            engine.ensure_unchanged(&rest, &engine.plan_remaining(log).await?)?;
        }
        false => {}
    }
    let journal = locks.mirror.on(Journal::resume(log).await?, &start.run);
    let going_on = engine.resume_in(&journal, &rest, session::PROGRAM);
    let ended = tokio::select! {
        ended = locks.during(&start.run, &log.path, going_on) => ended?,
        () = cancel.halted() => return Err(CommandError::halted(command.rollback(&start.run))),
    };
    mirror::mention_pending(screen, &journal, &start.run);
    report_end(command, settled(locks, &engine, (start.run.clone(), document), ended)?)
}

/// The latest run that has something left to do.
fn latest(store: &Store) -> Result<Log, Failure> {
    let left = open_runs::latest(store, RunStatus::is_open)?;
    left.ok_or_else(|| {
        let message = format!("there is no unfinished run in {}", store.directory().display());
        Problem::new(Class::Usage, "trustpath::journal::no_unfinished_run", message)
            .help("`trustpath runs` lists what was done from here")
            .into()
    })
}

fn already_finished(log: &Log) -> Problem {
    let message = format!("the run {} is finished: it is {}", log.start.run, RunStatus::of(log).words());
    Problem::new(Class::Usage, "trustpath::run::over", message)
        .help("`trustpath apply` begins another one, `trustpath rollback` takes this one back")
}

fn went_on(log: &Log) -> Problem {
    let words = RunStatus::of(log).words();
    let message = format!("another client has continued the run {} meanwhile: it is {words}", log.start.run);
    Problem::new(Class::Conflict, "trustpath::run::went_on", message)
        .help("`trustpath runs` says where it stands, and what can be done with it")
}
