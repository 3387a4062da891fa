//! `permissions`: the smallest policy and roles for the graph at hand.

use crate::{args::Permissions, command::Command, exit, json, mirror, session::Session, signals, trouble::Trouble};

pub(super) async fn run(command: &Command, args: Permissions) -> Result<u8, Trouble> {
    let session = Session::open(command)?;
    mirror::is_wanted(&session)?;
    let (cancel, _listening) = signals::listen(&command.screen, signals::READING, None)?;
    let engine = session.engine(Default::default(), cancel);
    let needed = engine.needed(&args.select.into()).await?;
    let (needs, untold) = needed.needs.spelled_out(engine.handles()).await;
    let document = json::Permissions::of(&session.graph, &needs, &needed.unseen, &untold, args.only);
    command.screen.show(&json::Document::Permissions(document))?;
    Ok(exit::OK)
}
