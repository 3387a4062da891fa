//! Step: the operator's ServiceAccount, and its namespace where that is missing.
//!
//! It is applied by server-side apply with the field manager `trustpath`, which owns the mark, the labels and the
//! annotations of the graph file, and nothing else of the object. What undo puts back is what that manager owned before,
//! and, where fields were taken from other managers by force, their values and their ownership.

mod config;
mod contents;
mod decide;
mod import;
mod leftovers;
mod prove;
mod removal;
mod step;
mod users;

use trustpath_core::{Fact, Kind};
use trustpath_platform::ServiceAccountRef;

use self::{config::ServiceAccount, import::AccountImport, leftovers::Accounts};

inventory::submit! {
    Kind::managed::<ServiceAccount>("service-account", "The operator's ServiceAccount, and its namespace").finding(&Accounts).importing(ServiceAccountRef::NAME, &AccountImport)
}
