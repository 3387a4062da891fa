//! `completions`: a script for a shell.

use clap::CommandFactory as _;

use crate::{
    args::{Cli, Completions},
    command::Command,
    exit,
    trouble::Trouble,
};

pub(super) fn run(command: &Command<'_>, args: &Completions) -> Result<u8, Trouble> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "trustpath", &mut script);
    command.screen.result(&String::from_utf8_lossy(&script))?;
    Ok(exit::OK)
}
