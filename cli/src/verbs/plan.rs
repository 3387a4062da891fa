//! `plan`: what would change.

use trustpath_core::{Failure, file::origins, graph::Selection, journal::Verb, run::Failures};
use trustpath_platform::Connections;

use super::intended::Intended;

use crate::{
    args::PlanArgs,
    command::Command,
    command_error::CommandError,
    exit, json, open_runs,
    session::{self, Session},
    signals,
};

pub(super) async fn run(command: &Command, args: PlanArgs) -> Result<u8, CommandError> {
    let sources = session::sources(command)?;
    let session = Session::of(command, sources.clone(), args.select.system.as_deref())?;
    open_runs::mention(command)?;
    let consent = session.consent(args.consent, false)?;
    let (cancel, _listening) = signals::listen(&command.screen, signals::READING, None)?;
    let engine = session.engine(consent, cancel);
    let select = args.select.into();
    let intended = match (args.destroy, Selection::is_all(&select)) {
        (true, true) => Intended::whole(command, &engine, Verb::Destroy).await?,
        (false, true) => Intended::shown(command, &engine).await?,
        (true, false) => Intended::plain(&engine, Verb::Destroy, &select).await?,
        (false, false) => Intended::plain(&engine, Verb::Apply, &select).await?,
    };
    let Intended { engine, plan, .. } = &intended;
    let mut document = intended.document(session.scope.notes());
    if let Err(Failures(objections)) = engine.consented(plan) {
        document.objections = objections.iter().map(Failure::report).collect();
    }
    if args.requests {
        document.set_requests(engine.graph(), engine.requests_of(plan)?);
    }
    if args.sources {
        document.sources = origins(sources, &command.kinds, Connections::PLACEHOLDERS).map_err(Failure::from)?;
    }
    command.screen.show(&json::JsonDocument::Plan(document))?;
    Ok(if args.detailed_exitcode && !intended.is_nothing() { exit::CHANGES } else { exit::OK })
}
