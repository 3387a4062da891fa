//! `runs`: what was done from here, and what the cluster has of others.

use trustpath_core::journal::{Corrupt, Log, sort_key};

use crate::{
    command::Command,
    command_error::CommandError,
    exit,
    json::{JsonDocument, RunEntry, Runs},
    mirror,
};

pub(super) async fn run(command: &Command) -> Result<u8, CommandError> {
    let store = command.store()?;
    let unfit = mirror::fetch(command, None).await?;
    let entry = |(run, log): (String, Result<Log, Corrupt>)| match log {
        Ok(log) => {
            let is_running = store.is_running(&run);
            RunEntry::of(run, &log, is_running, command.resume_command(&log))
        }
        Err(corrupt) => RunEntry::damaged(run, &corrupt.into()),
    };
    let here = store.read_all()?.into_iter().filter(|(run, _)| unfit.refuse(run).is_ok());
    let damaged = unfit.0.iter().map(|(run, why)| RunEntry::damaged(run.clone(), why));
    let mut runs: Vec<_> = here.map(entry).chain(damaged).collect();
    runs.sort_by_key(|entry| sort_key(&entry.run));
    let directory = store.directory().display().to_string();
    command.screen.show(&JsonDocument::Runs(Runs { directory, runs }))?;
    Ok(exit::OK)
}
