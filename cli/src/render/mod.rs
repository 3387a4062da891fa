//! From documents to words. Pure: everything returns text, with colours that the screen strips where they are not
//! wanted.

mod diff;
mod evidence;
mod failure;
mod graph;
mod kinds;
mod permissions;
mod plain;
mod plan;
mod requests;
mod rollback;
mod run;
mod runs;
mod style;
mod table;
mod wrap;

pub(crate) use evidence::short;
pub(crate) use failure::{aside, failures};
pub(crate) use graph::list as graph_list;
pub(crate) use graph::{dot, mermaid};
pub(crate) use kinds::{described, list as kind_list};
pub(crate) use plain::{command, line};
pub(crate) use plan::plan;
pub(crate) use rollback::{left, taken_back};
pub(crate) use run::outcome;
pub(crate) use style::Style;
pub(crate) use wrap::fitted;

use crate::json::JsonDocument;

/// A document for people. What was shown before a question is not repeated.
pub(crate) fn document(document: &JsonDocument) -> String {
    match document {
        // Of failures people are told on stderr.
        JsonDocument::Error { .. } => String::new(),
        JsonDocument::Permissions(needed) => permissions::permissions(needed),
        JsonDocument::Plan(plan) => plan::plan(plan),
        JsonDocument::Rollback(rollback) => rollback::rollback(rollback),
        JsonDocument::Run(run) => run::outcome(run),
        JsonDocument::Runs(runs) => runs::runs(runs),
        JsonDocument::Verify(seen) => format!("{}\n{}", evidence::chain(&seen.links), evidence::verdict(seen.summary)),
    }
}
