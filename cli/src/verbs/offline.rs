//! Verbs for which no server is looked at: `graph`, `steps`, `schema`, `completions`.

use clap::CommandFactory as _;
use clap_complete::Shell;
use trustpath_core::{
    Class, Problem,
    file::{kind_schema, schema},
    nearest,
};
use trustpath_platform::Connections;

use crate::{
    args::{Cli, GraphFormat, StepArgs},
    command::Command,
    command_error::CommandError,
    exit, render,
    session::Session,
};

pub(super) fn graph(command: &Command, format: GraphFormat) -> Result<u8, CommandError> {
    let graph = Session::open(command, None)?.graph;
    let drawn = match format {
        GraphFormat::Text => render::graph_list(&graph),
        GraphFormat::Mermaid => render::mermaid(&graph),
        GraphFormat::Dot => render::dot(&graph),
    };
    printed(command, &drawn)
}

pub(super) fn steps(command: &Command, args: &StepArgs) -> Result<u8, CommandError> {
    let name = match args {
        StepArgs::List => return printed(command, &render::kind_list(&command.kinds)),
        StepArgs::Describe { kind } => kind,
    };
    let kind = command.kinds.iter().find(|kind| kind.name() == name).ok_or_else(|| unknown(command, name))?;
    printed(command, &render::described(kind, &kind_schema(kind)))
}

fn unknown(command: &Command, name: &str) -> Problem {
    let known: Vec<_> = command.kinds.iter().map(|kind| kind.name()).collect();
    Problem::new(Class::Usage, "trustpath::cli::unknown_kind", format!("there is no kind `{name}` in this program"))
        .help(nearest::hint(name, &known))
}

pub(super) fn json_schema(command: &Command) -> Result<u8, CommandError> {
    let schema = serde_json::to_string_pretty(&schema::<Connections>(&command.kinds)).map_err(|error| {
        Problem::new(Class::Internal, "trustpath::cli::schema", "the schema cannot be written as JSON")
            .help("this is a defect of a kind; please report it")
            .because(error)
    })?;
    printed(command, &(schema + "\n"))
}

pub(super) fn completions(command: &Command, shell: Shell) -> Result<u8, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "trustpath", &mut script);
    printed(command, &String::from_utf8_lossy(&script))
}

pub(super) fn printed(command: &Command, text: &str) -> Result<u8, CommandError> {
    command.screen.result(text)?;
    Ok(exit::OK)
}
