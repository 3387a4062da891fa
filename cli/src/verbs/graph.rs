//! `graph`: the graph of the file, drawn.

use crate::{args::GraphFormat, command::Command, exit, render, session::Session, trouble::Trouble};

pub(super) fn run(command: &Command<'_>, format: GraphFormat) -> Result<u8, Trouble> {
    let session = Session::open(command)?;
    let drawn = match format {
        GraphFormat::Text => render::graph_list(&session.graph),
        GraphFormat::Mermaid => render::mermaid(&session.graph),
        GraphFormat::Dot => render::dot(&session.graph),
    };
    command.screen.result(&drawn)?;
    Ok(exit::OK)
}
