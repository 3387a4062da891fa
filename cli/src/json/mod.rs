//! What `--output json` writes: one document a command. `docs/json.md` shows each; a test holds it against these types.
//! Text for people is rendered from the same documents, so that both say the same.

mod error;
mod evidence;
mod permissions;
mod plan;
mod rollback;
mod run;
mod runs;

pub(crate) use error::ErrorDocument;
pub(crate) use evidence::{Counts, Link, Verification, links};
pub(crate) use permissions::{KubernetesPart, Permissions, VaultPart};
pub(crate) use plan::{Plan, StepPlan, Summary};
pub(crate) use rollback::{Rollback, TakenBack};
pub(crate) use run::{Left, Run, RunOutcome};
pub(crate) use runs::{RunEntry, RunState, Runs};

use serde::Serialize;

/// The version of all documents. It grows when a field goes, or changes its meaning; new fields may come any time.
pub(crate) const VERSION: u32 = 1;

/// A result that has a name as JSON, and a text for people.
pub(crate) trait Document {
    /// What it says in `document`.
    const NAME: &'static str;

    /// Whether its text is a file for another program, of which no line may be broken.
    const IS_A_FILE: bool = false;

    /// The same for people.
    fn text(&self) -> String;
}

/// A document with its name and version.
#[derive(Serialize)]
pub(crate) struct Envelope<'a, D> {
    version: u32,
    document: &'static str,
    #[serde(flatten)]
    body: &'a D,
}

impl<'a, D: Document> Envelope<'a, D> {
    pub(crate) fn of(body: &'a D) -> Self {
        Self { version: VERSION, document: D::NAME, body }
    }
}
