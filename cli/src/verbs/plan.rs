//! `plan`: what would change.

use super::intended::Intended;
use trustpath_core::{graph::Selection, journal::Verb};

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
    let select = args.select.into();
    let intended = match (args.destroy, Selection::is_all(&select)) {
        (true, true) => Intended::whole(command, &engine, Verb::Destroy).await?,
        (false, true) => Intended::shown(command, &engine).await?,
        (true, false) => Intended::plain(&engine, Verb::Destroy, &select).await?,
        (false, false) => Intended::plain(&engine, Verb::Apply, &select).await?,
    };
    let Intended { engine, plan, .. } = &intended;
    let objections = engine.consented(plan).err();
    let mut document = intended.document(session.scope.notes(), objections.as_ref());
    if args.requests {
        document = document.with_requests(engine.graph(), engine.requests_of(plan)?);
    }
    if args.sources {
        document = document.with_sources(session::value_origins(command, sources)?);
    }
    command.screen.show(&json::Document::Plan(document))?;
    Ok(if args.detailed_exitcode && !intended.is_nothing() { exit::CHANGES } else { exit::OK })
}
