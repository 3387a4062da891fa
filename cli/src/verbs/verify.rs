//! `verify`: the chain, link by link.

use trustpath_core::{
    Evidence, Failure, Result,
    graph::StepIndex,
    run::{Engine, Failures},
};

use crate::{
    args::Select,
    command::Command,
    command_error::CommandError,
    exit,
    json::{JsonDocument, VerifyDocument},
    session::Session,
    signals,
};

pub(super) async fn run(command: &Command, args: Select) -> Result<u8, CommandError> {
    let session = Session::open(command, args.system.as_deref())?;
    let (cancel, _listening) = signals::listen(&command.screen, signals::READING, None)?;
    let engine = session.engine(Default::default(), cancel);
    let proofs = engine.verify(&args.into()).await?;
    let shown = command.screen.show(&JsonDocument::Verify(VerifyDocument::of(&session.graph, &proofs)));
    let mut broken = broken(&engine, &proofs).into_iter();
    let verdict = match broken.next() {
        None => Ok(exit::OK),
        Some(first) => Err(CommandError::from(first).and(broken).already_reported()),
    };
    CommandError::after(shown, verdict)
}

/// The links that do not hold or could not be verified, in the order of the graph; one event that several ran into is
/// told once.
pub(super) fn broken(engine: &Engine, proofs: &[(StepIndex, Result<Evidence>)]) -> Vec<Failure> {
    Failures::of(proofs.iter().filter_map(|proof| engine.broken(std::slice::from_ref(proof)))).0
}
