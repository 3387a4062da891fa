//! `runs`: what was done from here.

use crate::{
    command::Command,
    exit,
    json::{RunEntry, Runs},
    trouble::Trouble,
};

pub(super) fn run(command: &Command<'_>) -> Result<u8, Trouble> {
    let store = command.store()?;
    let entry = |(run, log): (String, _)| {
        let running = store.is_running(&run);
        RunEntry::of(run, log, running, |log| command.go_on(log))
    };
    let runs = store.read_all()?.into_iter().map(entry).collect();
    command.screen.show(&Runs { directory: store.directory().display().to_string(), runs })?;
    Ok(exit::OK)
}
