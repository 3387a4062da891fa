//! `plan`: what would change.

use trustpath_core::{journal::Verb, run::Permissions};

use crate::{
    args::{Consent, Plan},
    command::Command,
    exit, json,
    session::Session,
    signals,
    trouble::Trouble,
};

pub(super) async fn run(command: &Command<'_>, args: Plan) -> Result<u8, Trouble> {
    let session = Session::open(command)?;
    let permissions = session.permissions(args.consent, false)?;
    let (cancel, _listening) = signals::listen(&command.screen, signals::READING)?;
    let engine = session.engine(command, permissions, cancel);
    let goal = if args.destroy { Verb::Destroy } else { Verb::Apply };
    let plan = engine.plan(goal, &args.select.into()).await?;
    let objections = engine.consented(&plan).err();
    command.screen.show(&json::Plan::of(&session.graph, &plan, objections.as_ref()))?;
    Ok(if args.detailed_exitcode && !plan.is_nothing() { exit::CHANGES } else { exit::OK })
}

impl Session {
    /// What the user agrees to beforehand.
    ///
    /// # Errors
    /// When it names a step that the graph does not have.
    pub(super) fn permissions(&self, consent: Consent, keep: bool) -> trustpath_core::Result<Permissions> {
        let named = trustpath_core::graph::Selection { only: consent.adopt.clone(), ..Default::default() };
        named.places(&self.graph)?;
        Ok(Permissions {
            adopt: consent.adopt.into_iter().collect(),
            force_conflicts: consent.force_conflicts,
            allow_irreversible: consent.allow_irreversible,
            keep,
        })
    }
}
