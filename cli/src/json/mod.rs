//! What `--output json` writes: one document a command. `docs/json.md` shows each; a test holds it against these types.
//! Text for people is rendered from the same documents, so that both say the same.

mod evidence;
mod permissions;
mod plan;
mod rollback;
mod run;
mod runs;
mod status;

pub(crate) use evidence::{Counts, Link, VerifyDocument, links};
pub(crate) use permissions::{KubernetesPart, PermissionsDocument, VaultPart};
pub(crate) use plan::{LeftoverPlan, PlanDocument, StepPlan, Summary};
pub(crate) use rollback::{RollbackDocument, TakenBack};
pub(crate) use run::{Left, RunDocument};
pub(crate) use runs::{RunEntry, Runs};
pub(crate) use status::RunStatus;

use serde::{Deserialize, Serialize};
use trustpath_core::failure::Report;

/// The version of all documents. It grows when a field goes, or changes its meaning; new fields may come any time.
const VERSION: u32 = 1;

/// What a command came to.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "document", rename_all = "kebab-case")]
pub(crate) enum JsonDocument {
    /// Why it failed before it had a result of its own.
    Error {
        /// The first to look at; its class decides the exit code.
        error: Report,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        others: Vec<Report>,
    },
    Permissions(PermissionsDocument),
    Plan(PlanDocument),
    Rollback(RollbackDocument),
    Run(Box<RunDocument>),
    Runs(Runs),
    Verify(VerifyDocument),
}

/// A document with its version.
#[derive(Serialize)]
pub(crate) struct JsonEnvelope<'a> {
    version: u32,
    #[serde(flatten)]
    document: &'a JsonDocument,
}

impl<'a> JsonEnvelope<'a> {
    pub(crate) fn of(document: &'a JsonDocument) -> Self {
        Self { version: VERSION, document }
    }
}
