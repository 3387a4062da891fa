//! `init`: a graph file to begin with, the standard one or that of a chain that is there.

use std::{fs::OpenOptions, io::Write, path::Path};

use trustpath_core::{Class, ObjectAddress, Problem, file::written, run::import_chain};
use trustpath_platform::{Connections, lock::Fence};

use super::offline::printed;
use crate::{
    command::Command,
    command_error::CommandError,
    exit,
    render::{self, Style},
    session, systems,
};

/// The standard graph file, as it stands at the top of the repository.
pub(crate) const STANDARD: &str = include_str!("../../../plugins.toml");

pub(super) fn standard(command: &Command, file: &Path) -> Result<u8, CommandError> {
    write(command, file, STANDARD)
}

/// The kind of step with which a chain ends.
const STORE: &str = "cluster-secret-store";

/// Where the program reaches the systems is not in any file yet.
pub(super) async fn from_store(command: &Command, file: &Path, store: &str) -> Result<u8, CommandError> {
    let handles = systems::handles(command, &Connections::default(), &Fence::default(), None);
    let start = ObjectAddress { of: STORE, at: store.into() };
    let chain = import_chain(&command.kinds, start, &handles).await?;
    write(command, file, &written(store, &chain)?)
}

fn write(command: &Command, file: &Path, text: &str) -> Result<u8, CommandError> {
    if file == Path::new("-") {
        return printed(command, text);
    }
    let written = OpenOptions::new().write(true).create_new(true).open(file);
    written.and_then(|mut opened| opened.write_all(text.as_bytes())).map_err(|error| unwritten(file, error))?;
    let next = match file == Path::new(session::STANDARD) {
        true => "trustpath plan".to_owned(),
        false => render::command(&["trustpath", "-f", &file.display().to_string(), "plan"]),
    };
    let wrote = render::line(&file.display().to_string());
    command.screen.say(&format!("{} {wrote}. Look through it, then: {next}", Style::Good.of("Wrote")));
    Ok(exit::OK)
}

fn unwritten(file: &Path, error: std::io::Error) -> Problem {
    let file = file.display();
    if error.kind() == std::io::ErrorKind::AlreadyExists {
        return Problem::new(Class::Refused, "trustpath::cli::exists", format!("{file} is there already"))
            .help("it was left as it is: name another file, or `trustpath init -` for stdout");
    }
    Problem::new(Class::Config, "trustpath::cli::init", format!("{file} cannot be written"))
        .help("name a file in a directory that is there and yours")
        .because(error)
}
