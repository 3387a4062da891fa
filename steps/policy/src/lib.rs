//! The kind `policy`: what a token that holds it may do, as a policy of Vault or OpenBao.
//!
//! Policies are compared by what they mean ([`trustpath_platform::policy`]). A text that means the same stays as it is on
//! the server; a text that is written begins with a comment that bears the graph's mark.

mod config;
mod decide;
mod holders;
mod import;
mod kv;
mod leftovers;
mod prove;
mod rules;
mod source;
mod state;
mod step;
mod table;
mod text;
mod turns;
mod users;
mod wildcards;

use trustpath_core::{Fact, Kind};
use trustpath_platform::PolicyName;

use self::{config::Policy, import::PolicyImport, leftovers::OldPolicies};

inventory::submit! { Kind::managed::<Policy>("policy", "What a token may do: a policy of Vault or OpenBao").finding(&OldPolicies).importing(PolicyName::NAME, &PolicyImport) }
