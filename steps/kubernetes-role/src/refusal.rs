//! Why a login was turned away. Servers tell by text alone, and not always.

use trustpath_platform::vault::backend::Content;

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

/// What a refused login means: why, and what to do next.
pub(crate) fn explain(status: Option<u16>, said: &[String], role: &Content) -> (String, String) {
    let known = TEXTS.iter().find(|(text, ..)| said.iter().any(|words| words.contains(text)));
    let (why, next) = match (known, status) {
        (Some((_, why, next)), _) => ((*why).to_owned(), *next),
        (None, Some(403)) => {
            (bare(role), "trustpath verify, and see the checks of the auth mount; Vault's log has the reason")
        }
        (None, Some(404)) => ("the auth mount is not there".to_owned(), "apply the step that makes the auth mount"),
        (None, _) => (format!("Vault turns the login away: {}", said.join("; ")), "see what Vault's log says about it"),
    };
    (why, next.to_owned())
}

/// A 403 that says nothing: Vault could not, or would not, have the token reviewed.
fn bare(role: &Content) -> String {
    let mut why = "Vault turns the token away without a reason: its reviewer is expired, deleted or lacks \
                   `system:auth-delegator`, or it cannot reach or trust the API server"
        .to_owned();
    if role.contains_key("token_bound_cidrs") {
        why.push_str("; or this machine's address is none of `token_bound_cidrs`");
    }
    why
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
        let (said, next) = explain(Some(status), &[said.to_owned()], &Content::new());
        assert!(said.contains(why), "{said}");
        assert!(!next.is_empty());
    }

    #[test]
    fn bound_addresses_are_named_where_there_are_any() {
        let bound = Content::from_iter([("token_bound_cidrs".to_owned(), serde_json::json!(["10.0.0.0/8"]))]);
        let said = ["permission denied".to_owned()];
        assert!(explain(Some(403), &said, &bound).0.contains("token_bound_cidrs"));
        assert!(!explain(Some(403), &said, &Content::new()).0.contains("token_bound_cidrs"));
    }
}
