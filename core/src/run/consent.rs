//! What a plan needs the user's word for.

use miette::Diagnostic;
use thiserror::Error;

use super::{Engine, Permissions, RunPlan, failures::Failures};
use crate::{
    contract::{Plan, Undo},
    failure::{Class, Classified, Failure},
};

/// A plan that is not carried out without the user's word.
#[derive(Debug, Error, Diagnostic)]
pub enum Objection {
    /// It would take over something that is not marked as this graph's.
    #[error("`{step}` is there already, differs, and does not bear the mark of this graph")]
    #[diagnostic(code(trustpath::run::adopt), help("look at the difference in `trustpath plan`, then: --adopt {step}"))]
    Adopt {
        /// The step.
        step: String,
    },
    /// It would lose something that only the user can supply.
    #[error("`{step}` can be taken back only with {what}")]
    #[diagnostic(code(trustpath::run::irreversible), help("supply it, or accept the loss with --allow-irreversible"))]
    IfGiven {
        /// The step.
        step: String,
        /// What has to be supplied.
        what: String,
    },
    /// It would lose something for good.
    #[error("`{step}` cannot be taken back: {why}")]
    #[diagnostic(code(trustpath::run::irreversible), help("accept the loss with --allow-irreversible"))]
    Irreversible {
        /// The step.
        step: String,
        /// Why.
        why: String,
    },
}

impl Classified for Objection {
    fn class(&self) -> Class {
        match self {
            Self::Adopt { .. } => Class::Conflict,
            Self::IfGiven { .. } | Self::Irreversible { .. } => Class::Refused,
        }
    }
}

impl Engine {
    /// Everything in the plan that the user has not agreed to.
    ///
    /// # Errors
    /// One failure for each, in the order of the graph.
    pub fn consented(&self, plan: &RunPlan) -> Result<(), Failures> {
        let changes = plan.changes();
        let objections = changes.flat_map(|(place, plan)| self.objections(self.name(place), plan));
        let objections: Vec<_> = objections.collect();
        if objections.is_empty() { Ok(()) } else { Err(Failures::of(objections)) }
    }

    pub(super) fn objections(&self, step: &str, plan: &Plan) -> Vec<Failure> {
        let objections = [adopt(step, plan, &self.permissions), loss(step, plan, &self.permissions)];
        objections.into_iter().flatten().map(|objection| Failure::from(objection).in_step(step)).collect()
    }
}

fn adopt(step: &str, plan: &Plan, permissions: &Permissions) -> Option<Objection> {
    let asked = plan.adopt && !permissions.adopt.contains(step);
    asked.then(|| Objection::Adopt { step: step.to_owned() })
}

fn loss(step: &str, plan: &Plan, permissions: &Permissions) -> Option<Objection> {
    let step = step.to_owned();
    match &plan.undo {
        Undo::Yes | Undo::Nothing => None,
        _ if permissions.allow_irreversible => None,
        Undo::IfGiven(what) => Some(Objection::IfGiven { step, what: what.clone() }),
        Undo::No(why) => Some(Objection::Irreversible { step, why: why.clone() }),
    }
}
