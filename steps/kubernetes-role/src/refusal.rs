//! Why a login by the role was turned away.

use std::net::IpAddr;

use trustpath_platform::{
    text::listed,
    vault::{
        backend::Content,
        refusal::{self, LoginRefusal},
    },
};

use crate::{decide::CIDRS, policies::shown};

/// What a refused login means: why, and what to do next.
pub(crate) fn explain(status: Option<u16>, said: &[String], role: &Content) -> (String, String) {
    let (why, next) = refusal::explain(status, said);
    if is_bare(said) { (bare(role), next) } else { (why, next) }
}

/// Whether Vault gives no reason.
pub(crate) fn is_bare(said: &[String]) -> bool {
    LoginRefusal::of(said).is_some_and(LoginRefusal::is_bare)
}

/// A 403 that says nothing: what both plugins, and the core after them, answer with it, as far as the role leaves it open. It is
/// there, and so is its mount.
fn bare(role: &Content) -> String {
    let mut why = "Vault turns the token away without a reason: the API server's review of it fails (the reviewer's JWT is \
                   expired, deleted or lacks `system:auth-delegator`, or Vault cannot reach or trust the API server), no key in \
                   `pem_keys` of the auth mount verifies it, or its identity entity is disabled"
        .to_owned();
    if role.contains_key(CIDRS) {
        why.push_str("; or this machine's address is none of `token_bound_cidrs`");
    }
    why
}

/// Why a login from these addresses cannot be tried here.
pub(crate) fn elsewhere(own: &[IpAddr], networks: &[String]) -> String {
    let own = listed(&own.iter().map(ToString::to_string).collect::<Vec<_>>());
    format!(
        "Vault turns the token away without a reason, as it does with logins from outside of `token_bound_cidrs`: the role takes \
         them from {}, and this machine reaches Vault from {own} (behind NAT or a proxy, Vault sees another address)",
        shown(networks)
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("permission denied", "system:auth-delegator")]
    #[case("namespace not authorized", "does not bind this ServiceAccount's namespace")]
    #[case("strange", "Vault turns the login away with 403 and says: strange")]
    fn a_refusal_says_why_and_what_next(#[case] said: &str, #[case] why: &str) {
        let (told, next) = explain(Some(403), &[said.to_owned()], &Content::new());
        assert!(told.contains(why), "{told}");
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
