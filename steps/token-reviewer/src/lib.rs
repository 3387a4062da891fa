//! Step: a ServiceAccount that may review tokens and nothing else, for a Vault that runs outside of the cluster.
//!
//! Three objects, each applied by server-side apply as the field manager `trustpath`: the ServiceAccount, the Secret with
//! its long-lived token (which the cluster's tokens controller fills), and a ClusterRoleBinding to
//! `system:auth-delegator`. The Secret's address is handed on; the token itself is in no state, fact or plan.

mod config;
mod decide;
mod leftovers;
mod prove;
mod step;
mod users;

use trustpath_core::Kind;

use self::{config::TokenReviewer, leftovers::Reviewers};

inventory::submit! {
    Kind::managed::<TokenReviewer>("token-reviewer", "An identity that may review tokens and nothing else").finding(&Reviewers)
}
