//! `completions`: a script for a shell.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::{args::Cli, command::Command, exit, trouble::Trouble};

pub(super) fn run(command: &Command<'_>, shell: Shell) -> Result<u8, Trouble> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "trustpath", &mut script);
    command.screen.result(&String::from_utf8_lossy(&script))?;
    Ok(exit::OK)
}
