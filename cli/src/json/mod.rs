//! What `--output json` writes: one document a command. `docs/json.md` shows each; a test holds it against these types.
//! Text for people is rendered from the same documents, so that both say the same.

mod evidence;
mod permissions;
mod plan;
mod rollback;
mod run;
mod runs;

pub(crate) use evidence::{Counts, Link, Verification, links};
pub(crate) use permissions::{KubernetesPart, Permissions, VaultPart};
pub(crate) use plan::{LeftoverPlan, Plan, StepPlan, Summary};
pub(crate) use rollback::{Rollback, TakenBack};
pub(crate) use run::{Left, Run};
pub(crate) use runs::{RunEntry, RunState, Runs};

use serde::{Deserialize, Serialize};
use trustpath_core::failure::Report;

/// The version of all documents. It grows when a field goes, or changes its meaning; new fields may come any time.
const VERSION: u32 = 1;

/// What a command came to.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "document", rename_all = "kebab-case")]
pub(crate) enum Document {
    /// Why it failed before it had a result of its own.
    Error {
        /// The first to look at; its class decides the exit code.
        error: Report,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        others: Vec<Report>,
    },
    Permissions(Permissions),
    Plan(Plan),
    Rollback(Rollback),
    Run(Box<Run>),
    Runs(Runs),
    Verify(Verification),
}

/// A document with its version.
#[derive(Serialize)]
pub(crate) struct Envelope<'a> {
    version: u32,
    #[serde(flatten)]
    document: &'a Document,
}

impl<'a> Envelope<'a> {
    pub(crate) fn of(document: &'a Document) -> Self {
        Self { version: VERSION, document }
    }
}
