//! What is likely to hurt later.

use trustpath_core::Note;
use trustpath_platform::{
    text::{clean, listed},
    vault::Family,
};

use crate::{decide::Facts, state::RoleState};

const NO_AUDIENCE: &str = "the role asks for no audience: a token that the ServiceAccount gave to any other system logs \
                           in here too; set `audience`, and the same `audiences` in the store";
const ANYBODY: &str = "the role binds \"*\" in \"*\": every ServiceAccount of the cluster can log in";
const CROSSED: &str = "the role binds each of the names in each of the namespaces, not only the ServiceAccounts that the \
                       steps name";
const NO_DEFAULT: &str =
    "without the default policy a token cannot look itself up, so the operator never becomes Ready";
const ONE_USE: &str = "a token that can be used once is used up by the operator's own check";
const FORGOTTEN: &str = "only OpenBao knows `token_strictly_bind_ip`: this server takes it and forgets it";
const NO_POLICY: &str = "the role gives no policy, so its tokens can read nothing";

/// The warnings about a role on a server of this family, where that is known.
pub(crate) fn of(state: &RoleState, (_, accounts, policies): &Facts, family: Option<Family>) -> Vec<Note> {
    let (names, namespaces) = (&state.bound_service_account_names, &state.bound_service_account_namespaces);
    let any = |list: &[String]| list.iter().any(|text| text == "*");
    let checks = [
        (state.audience.is_empty(), NO_AUDIENCE),
        (any(names) && any(namespaces), ANYBODY),
        (accounts.len() > 1 && names.len() > 1 && namespaces.len() > 1, CROSSED),
        (state.token_no_default_policy, NO_DEFAULT),
        (state.token_num_uses == 1, ONE_USE),
        (state.token_policies.is_empty(), NO_POLICY),
    ];
    let mut said: Vec<_> = checks.into_iter().filter(|(hurts, _)| *hurts).map(|(_, text)| text.to_owned()).collect();
    let given = |name: &str| state.token_policies.iter().any(|given| given.eq_ignore_ascii_case(name));
    let left_out = policies.iter().map(|policy| &policy.name).filter(|name| !given(name));
    let left_out: Vec<_> = left_out.map(|name| format!("`{}`", clean(name))).collect();
    if !left_out.is_empty() {
        said.push(format!("`token_policies` leaves out {}, which a step that this one needs makes", listed(&left_out)));
    }
    if state.token_strictly_bind_ip && family.is_some_and(|family| family != Family::OpenBao) {
        said.push(FORGOTTEN.to_owned());
    }
    said.into_iter().map(Note::Warning).collect()
}
