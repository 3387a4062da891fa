//! Why a login was turned away. Servers tell by text alone, and not always.

use crate::state::RoleState;

/// Why, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) why: String,
    pub(crate) next: String,
}

/// What the servers' texts mean (the Kubernetes auth plugin 0.24, as in OpenBao 2.7.2 and Vault 1.21.4).
const TEXTS: [(&str, &str, &str); 7] = [
    ("invalid role name", "the login knows no such role", "trustpath plan; the role may have been removed just now"),
    (
        "could not load backend configuration",
        "the auth mount was never configured",
        "apply the step that makes the auth mount",
    ),
    (
        "invalid audience (aud) claim",
        "the token was made for another audience than the role asks for",
        "see which audiences the API server accepts, and set `audience` to one of them",
    ),
    ("(exp) claim", "the token is expired for Vault", "compare the clocks of Vault and of the API server"),
    ("(nbf) claim", "the token is not yet good for Vault", "compare the clocks of Vault and of the API server"),
    (
        "service account name not authorized",
        "the role does not bind this ServiceAccount's name",
        "see `bound_service_account_names` with trustpath plan",
    ),
    (
        "namespace not authorized",
        "the role does not bind this ServiceAccount's namespace",
        "see `bound_service_account_namespaces` with trustpath plan",
    ),
];

/// What a refused login means.
pub(crate) fn explain(status: Option<u16>, said: &[String], state: &RoleState) -> Refusal {
    let known = TEXTS.iter().find(|(text, ..)| said.iter().any(|words| words.contains(text)));
    let refusal = |why: &str, next: &str| Refusal { why: why.to_owned(), next: next.to_owned() };
    match (known, status) {
        (Some((_, why, next)), _) => refusal(why, next),
        (None, Some(403)) => bare(state),
        (None, Some(404)) => refusal("the auth mount is not there", "apply the step that makes the auth mount"),
        (None, _) => Refusal {
            why: format!("Vault turns the login away: {}", said.join("; ")),
            next: "see what Vault's log says about it".to_owned(),
        },
    }
}

/// A 403 that says nothing: Vault could not, or would not, have the token reviewed.
fn bare(state: &RoleState) -> Refusal {
    let mut why = "Vault turns the token away without a reason: its reviewer is expired, deleted or lacks \
                   `system:auth-delegator`, or it cannot reach or trust the API server"
        .to_owned();
    if !state.token_bound_cidrs.is_empty() {
        why.push_str("; or this machine's address is none of `token_bound_cidrs`");
    }
    Refusal {
        why,
        next: "trustpath verify, and see the checks of the auth mount; Vault's log has the reason".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(400, "invalid role name \"x\"", "no such role")]
    #[case(500, "could not load backend configuration", "never configured")]
    #[case(
        403,
        "invalid audience (aud) claim: audience claim does not match any expected audience",
        "another audience"
    )]
    #[case(403, "invalid expiration time (exp) claim: token is expired", "expired for Vault")]
    #[case(403, "service account name not authorized", "name")]
    #[case(403, "namespace not authorized", "namespace")]
    #[case(403, "permission denied", "system:auth-delegator")]
    #[case(404, "no handler for route", "not there")]
    #[case(500, "something else", "something else")]
    fn a_refusal_says_why_and_what_next(#[case] status: u16, #[case] said: &str, #[case] why: &str) {
        let refusal = explain(Some(status), &[said.to_owned()], &RoleState::default());
        assert!(refusal.why.contains(why), "{refusal:?}");
        assert!(!refusal.next.is_empty());
    }

    #[test]
    fn bound_addresses_are_named_where_there_are_any() {
        let bound = RoleState { token_bound_cidrs: vec!["10.0.0.0/8".into()], ..RoleState::default() };
        let said = ["permission denied".to_owned()];
        assert!(explain(Some(403), &said, &bound).why.contains("token_bound_cidrs"));
        assert!(!explain(Some(403), &said, &RoleState::default()).why.contains("token_bound_cidrs"));
    }
}
