//! `schema`: the JSON Schema of the graph file.

use trustpath_core::{Class, Problem, file::schema};
use trustpath_platform::Connections;

use crate::{command::Command, exit, trouble::Trouble};

pub(super) fn run(command: &Command<'_>) -> Result<u8, Trouble> {
    let schema = serde_json::to_string_pretty(&schema::<Connections>(&command.kinds)).map_err(|error| {
        Problem::new(Class::Internal, "trustpath::cli::schema", "the schema cannot be written as JSON")
            .help("this is a defect of a kind; please report it")
            .because(error)
    })?;
    command.screen.result(&(schema + "\n"))?;
    Ok(exit::OK)
}
