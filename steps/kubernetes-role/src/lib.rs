//! The kind `kubernetes-role`: a role of a Kubernetes auth mount, which binds ServiceAccounts to policies.
//!
//! The servers *merge* what is written into a role, and keep what a write leaves out: every write here carries every
//! field, empty ones too. Fields that are at the server's default are left out of the state.

mod capabilities;
mod config;
mod decide;
mod leftovers;
mod login;
mod policies;
mod prove;
mod refusal;
mod selector;
mod step;
mod warnings;

use trustpath_core::Kind;

use self::{config::KubernetesRole, leftovers::Roles};

inventory::submit! {
    Kind::managed::<KubernetesRole>("kubernetes-role", "Binds a ServiceAccount to policies").finding(&Roles)
}
