//! `steps`: the kinds that this program knows.

use trustpath_core::{Class, Problem, file::kind_schema, nearest};

use crate::{args::StepArgs, command::Command, exit, render, trouble::Trouble};

pub(super) fn run(command: &Command<'_>, args: &StepArgs) -> Result<u8, Trouble> {
    let text = match args {
        StepArgs::List => render::kind_list(&command.kinds),
        StepArgs::Describe { kind } => described(command, kind)?,
    };
    command.screen.result(&text)?;
    Ok(exit::OK)
}

fn described(command: &Command<'_>, name: &str) -> Result<String, Problem> {
    let kind = command.kinds.iter().find(|kind| kind.name() == name).ok_or_else(|| unknown(command, name))?;
    Ok(render::described(kind, &kind_schema(kind)))
}

fn unknown(command: &Command<'_>, name: &str) -> Problem {
    let known: Vec<_> = command.kinds.iter().map(|kind| kind.name()).collect();
    Problem::new(Class::Usage, "trustpath::cli::unknown_kind", format!("there is no kind `{name}` in this program"))
        .help(nearest::hint(name, &known))
}
