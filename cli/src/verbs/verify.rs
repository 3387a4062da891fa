//! `verify`: the chain, link by link.

use trustpath_core::{
    Evidence, Failure, Result,
    graph::Place,
    run::{Engine, Failures},
};

use crate::{
    args::Select,
    command::Command,
    exit,
    json::{Document, Verification},
    session::Session,
    signals,
    trouble::Trouble,
};

pub(super) async fn run(command: &Command, args: Select) -> Result<u8, Trouble> {
    let session = Session::open(command)?;
    let (cancel, _listening) = signals::listen(&command.screen, signals::READING, None)?;
    let engine = session.engine(Default::default(), cancel);
    let proofs = engine.verify(&args.into()).await?;
    let shown = command.screen.show(&Document::Verify(Verification::of(&session.graph, &proofs)));
    let mut broken = broken(&engine, &proofs).into_iter();
    let verdict = match broken.next() {
        None => Ok(exit::OK),
        Some(first) => Err(Trouble::from(first).and(broken).told()),
    };
    Trouble::after(shown, verdict)
}

/// The links that do not hold or could not be proven, in the order of the graph; one event that several ran into is
/// told once.
pub(super) fn broken(engine: &Engine, proofs: &[(Place, Result<Evidence>)]) -> Vec<Failure> {
    Failures::of(proofs.iter().filter_map(|proof| engine.broken(std::slice::from_ref(proof)))).0
}
