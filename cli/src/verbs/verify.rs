//! `verify`: the chain, link by link.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use trustpath_core::{
    Class, Evidence, Failure, Problem, Result,
    graph::{Selection, StepIndex},
    run::{Cancel, Engine, Failures},
};

use crate::{
    args::VerifyArgs,
    command::Command,
    command_error::CommandError,
    exit,
    json::{JsonDocument, VerifyDocument},
    render,
    session::Session,
    signals,
};

/// Between two looks at a chain that does not hold yet.
const PAUSE: Duration = Duration::from_secs(2);

pub(super) async fn run(command: &Command, args: VerifyArgs) -> Result<u8, CommandError> {
    let session = Session::open(command, args.select.system.as_deref())?;
    let (cancel, _listening) = signals::listen(&command.screen, signals::READING, None)?;
    let is_short = args.short;
    let (document, broken) = watched(&session, args, &cancel).await?;
    let shown = match is_short {
        true if !command.screen.is_json() => command.screen.text(&render::short(&document)),
        _ => command.screen.show(&JsonDocument::Verify(document)),
    };
    let mut broken = broken.into_iter();
    let verdict = match broken.next() {
        None => Ok(exit::OK),
        Some(first) => Err(CommandError::from(first).and(broken).already_reported()),
    };
    CommandError::after(shown, verdict)
}

/// What is seen in the end: when the chain holds, or when there is no time for another look.
async fn watched(
    session: &Session<'_>,
    args: VerifyArgs,
    cancel: &Cancel,
) -> Result<(VerifyDocument, Vec<Failure>), CommandError> {
    let until = args.watch.map(|time| Instant::now() + time);
    let selection = args.select.into();
    loop {
        let seen = once(session, &selection, args.strict, cancel.clone()).await?;
        let is_late = until.is_none_or(|until| Instant::now() + PAUSE > until);
        if seen.1.is_empty() || is_late || cancel.is_cancelled() {
            return Ok(seen);
        }
        tokio::select! {
            () = sleep(PAUSE) => {}
            () = cancel.cancelled() => {}
        }
    }
}

/// What is seen now, and what of it is a failure.
async fn once(
    session: &Session<'_>,
    selection: &Selection,
    is_strict: bool,
    cancel: Cancel,
) -> Result<(VerifyDocument, Vec<Failure>), CommandError> {
    let engine = session.engine(Default::default(), cancel);
    let proofs = engine.verify(selection).await?;
    let document = VerifyDocument::of(&session.graph, &proofs);
    let mut broken = broken(&engine, &proofs);
    let unchecked = document.summary.unchecked;
    if is_strict && broken.is_empty() && unchecked > 0 {
        let message = format!("{unchecked} of the checks could not be made from here");
        let problem = Problem::new(Class::Unchecked, "trustpath::verify::unchecked", message);
        broken.push(problem.help("each `?` says why; without --strict they count as neither good nor bad").into());
    }
    Ok((document, broken))
}

/// The links that do not hold or could not be verified, in the order of the graph; one event that several ran into is
/// told once.
pub(super) fn broken(engine: &Engine, proofs: &[(StepIndex, Result<Evidence>)]) -> Vec<Failure> {
    Failures::of(proofs.iter().filter_map(|proof| engine.broken(std::slice::from_ref(proof)))).0
}
