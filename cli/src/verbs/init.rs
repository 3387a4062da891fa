//! `init`: the standard graph file.

use std::{fs::OpenOptions, io::Write, path::Path};

use trustpath_core::{Class, Problem};

use crate::{
    command::Command,
    exit,
    render::{self, Style},
    standard,
    trouble::Trouble,
};

pub(super) fn run(command: &Command<'_>, file: &Path) -> Result<u8, Trouble> {
    if file == Path::new("-") {
        command.screen.result(standard::FILE)?;
        return Ok(exit::OK);
    }
    let written = OpenOptions::new().write(true).create_new(true).open(file);
    written
        .and_then(|mut opened| opened.write_all(standard::FILE.as_bytes()))
        .map_err(|error| unwritten(file, error))?;
    let next = match file == Path::new("plugins.toml") {
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
