//! `plan`: what would change.

use trustpath_core::journal::Verb;

use crate::{
    args::Plan,
    command::Command,
    exit, json, open_runs,
    session::{self, Session},
    signals,
    trouble::Trouble,
};

pub(super) async fn run(command: &Command<'_>, args: Plan) -> Result<u8, Trouble> {
    let sources = session::sources(command)?;
    let session = Session::of(command, sources.clone())?;
    open_runs::mention(command)?;
    let permissions = session.permissions(args.consent, false)?;
    let (cancel, _listening) = signals::listen(&command.screen, signals::READING, None)?;
    let engine = session.engine(command, permissions, cancel);
    let goal = if args.destroy { Verb::Destroy } else { Verb::Apply };
    let plan = engine.plan(goal, &args.select.into()).await?;
    let objections = engine.consented(&plan).err();
    let mut document = json::Plan::of(&session.graph, &plan, session.scope.notes(), objections.as_ref());
    if args.requests {
        document = document.with_requests(&session.graph, engine.requests_of(&plan)?);
    }
    if args.sources {
        document = document.with_sources(session::value_origins(command, sources)?);
    }
    command.screen.show(&json::Document::Plan(document))?;
    Ok(if args.detailed_exitcode && !plan.is_nothing() { exit::CHANGES } else { exit::OK })
}
