//! Whether a login gives what the role says. Pure.

use std::collections::BTreeSet;

use trustpath_core::Evidence;
use trustpath_platform::vault::LoggedIn;

use super::named;
use crate::state::RoleState;

const WHAT: &str = "token has the role's policies";

/// Whether the token has the policies of the role, and no others but those of its identity.
pub(super) fn policies(state: &RoleState, login: &LoggedIn, step: &str) -> Evidence {
    let lower = |names: &[String]| names.iter().map(|name| name.to_lowercase()).collect::<BTreeSet<_>>();
    let mut wanted = lower(&state.token_policies);
    if !state.token_no_default_policy {
        wanted.insert("default".into());
    }
    let held = lower(&login.token_policies);
    if held != wanted {
        let why = format!("it has {}, and the role gives {}", named(&held), named(&wanted));
        return Evidence::new().failed(WHAT, why, format!("trustpath verify {step}: the role may have just changed"));
    }
    let by_identity: BTreeSet<_> = lower(&login.policies).difference(&held).cloned().collect();
    let more =
        if by_identity.is_empty() { String::new() } else { format!("; by its identity also {}", named(&by_identity)) };
    Evidence::new().passed(WHAT, named(&held) + &more)
}
