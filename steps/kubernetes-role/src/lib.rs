//! The kind `kubernetes-role`: a role of a Kubernetes auth mount, which binds ServiceAccounts to policies.
//!
//! The servers *merge* what is written into a role, and keep what a write leaves out: every write here carries every
//! field, empty ones too. Fields that are at the server's default are left out of the state.

mod capabilities;
mod config;
mod decide;
mod import;
mod leftovers;
mod login;
mod policies;
mod prove;
mod refusal;
mod reviewer;
mod selector;
mod step;
mod warnings;

use trustpath_core::{Fact, Kind};
use trustpath_platform::Login;

use self::{config::KubernetesRole, import::RoleImport, leftovers::Roles};

inventory::submit! {
    Kind::managed::<KubernetesRole>("kubernetes-role", "Binds a ServiceAccount to policies").finding(&Roles).importing(Login::NAME, &RoleImport)
}
