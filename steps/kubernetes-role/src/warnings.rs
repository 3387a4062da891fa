//! What is likely to hurt later.

use trustpath_core::Note;
use trustpath_platform::text::{clean, listed};

use crate::{decide::Facts, state::RoleState};

/// The warnings about a role.
pub(crate) fn of(state: &RoleState, facts: &Facts) -> Vec<Note> {
    let (_, accounts, policies) = facts;
    let any = |list: &[String]| list.iter().any(|text| text == "*");
    let mut said = Vec::new();
    if state.audience.is_empty() {
        said.push("the role asks for no audience: a token that the ServiceAccount gave to any other system logs in here too; set `audience`, and the same `audiences` in the store".to_owned());
    }
    if any(&state.bound_service_account_names) && any(&state.bound_service_account_namespaces) {
        said.push("the role binds \"*\" in \"*\": every ServiceAccount of the cluster can log in".to_owned());
    }
    if state.bound_service_account_names.len() > 1
        && state.bound_service_account_namespaces.len() > 1
        && accounts.len() > 1
    {
        said.push("the role binds each of the names in each of the namespaces, not only the ServiceAccounts that the steps name".to_owned());
    }
    if state.token_no_default_policy {
        said.push(
            "without the default policy a token cannot look itself up, so the operator never becomes Ready".to_owned(),
        );
    }
    if state.token_num_uses == 1 {
        said.push("a token that can be used once is used up by the operator's own check".to_owned());
    }
    if state.token_policies.is_empty() {
        said.push("the role gives no policy, so its tokens can read nothing".to_owned());
    }
    let left_out = policies.iter().map(|policy| &policy.name).filter(|name| !state.token_policies.contains(name));
    let left_out: Vec<_> = left_out.map(|name| format!("`{}`", clean(name))).collect();
    if !left_out.is_empty() {
        said.push(format!("`token_policies` leaves out {}, which a step that this one needs makes", listed(&left_out)));
    }
    said.into_iter().map(Note::Warning).collect()
}
