//! `permissions`: the smallest policy and roles for the graph at hand.

use crate::{
    args::PermissionsArgs, command::Command, command_error::CommandError, exit, json, mirror, session::Session, signals,
};

pub(super) async fn run(command: &Command, args: PermissionsArgs) -> Result<u8, CommandError> {
    let session = Session::open(command, args.select.system.as_deref())?;
    mirror::is_wanted(&session)?;
    let (cancel, _listening) = signals::listen(&command.screen, signals::READING, None)?;
    let engine = session.engine(Default::default(), cancel);
    let needed = engine.needed(&args.select.into()).await?;
    let (needs, untold) = needed.needs.spelled_out(engine.handles()).await;
    let document = json::PermissionsDocument::of(&session.graph, &needs, &needed.unseen, &untold, args.only);
    command.screen.show(&json::JsonDocument::Permissions(document))?;
    Ok(exit::OK)
}
