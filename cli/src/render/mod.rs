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

pub(crate) use evidence::{chain, verdict};
pub(crate) use failure::{aside, failures};
pub(crate) use graph::list as graph_list;
pub(crate) use graph::{dot, mermaid};
pub(crate) use kinds::{described, list as kind_list};
pub(crate) use permissions::permissions;
pub(crate) use plain::{command, line};
pub(crate) use plan::plan;
pub(crate) use rollback::{left, rollback, taken_back};
pub(crate) use run::outcome as run_outcome;
pub(crate) use runs::runs;
pub(crate) use style::Style;
pub(crate) use wrap::fitted;
