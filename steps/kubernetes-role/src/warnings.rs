//! What is likely to hurt later.

use serde_json::json;
use trustpath_core::Note;
use trustpath_platform::vault::{Family, backend::Content};

use crate::{
    decide::{NAMES, NAMESPACES, POLICIES, Taken, texts},
    policies::shown,
};

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
pub(crate) fn of(role: &Content, (_, accounts, policies): &Taken, family: Option<Family>) -> Vec<Note> {
    let [names, namespaces, given] = [NAMES, NAMESPACES, POLICIES].map(|key| texts(role, key));
    let has = |key| role.contains_key(key);
    let any = |list: &[String]| list.iter().any(|text| text == "*");
    let forgets = family.is_some_and(|family| family != Family::OpenBao);
    let lacks = |name: &&String| !given.iter().any(|given| given.eq_ignore_ascii_case(name));
    let left_out = shown(policies.iter().map(|policy| &policy.name).filter(lacks));
    let leaves_out = format!("`token_policies` leaves out {left_out}, which a step that this one needs makes");
    let checks = [
        (!has("audience"), NO_AUDIENCE),
        (any(&names) && any(&namespaces), ANYBODY),
        (accounts.len() > 1 && names.len() > 1 && namespaces.len() > 1, CROSSED),
        (has("token_no_default_policy"), NO_DEFAULT),
        (role.get("token_num_uses") == Some(&json!(1)), ONE_USE),
        (given.is_empty(), NO_POLICY),
        (!left_out.is_empty(), &leaves_out),
        (has("token_strictly_bind_ip") && forgets, FORGOTTEN),
    ];
    checks.into_iter().filter(|(hurts, _)| *hurts).map(|(_, text)| Note::Warning(text.to_owned())).collect()
}
