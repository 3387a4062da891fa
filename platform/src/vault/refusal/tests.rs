use std::collections::BTreeSet;

use super::*;

/// What servers said, word for word, and why.
const SAID: &[(u16, &str, &str)] = &[
    (400, "invalid role name \"external-secrets\"", "no_role"),
    (400, "missing role", "incomplete"),
    (400, "missing jwt", "incomplete"),
    (500, "could not load backend configuration", "not_configured"),
    (500, "open /var/run/secrets/kubernetes.io/serviceaccount/ca.crt: no such file or directory", "no_ca"),
    (500, "data does not contain any valid RSA or ECDSA public keys", "pem_keys"),
    (500, "unrecoverable error", "no_client"),
    (404, "no handler for route \"auth/kubernetes/login\". route entry is tainted.", "mount_goes"),
    (404, "no handler for route \"auth/kubernetes/login\". route entry not found.", "no_mount"),
    (400, "missing client token", "no_mount"),
    (500, "failed to find a matching mount", "no_mount"),
    (404, "unsupported path", "other_type"),
    (405, "unsupported operation", "other_type"),
    (500, "failed to determine alias name from login request", "other_type"),
    (500, "missing role_id", "other_type"),
    (403, "invalid audience (aud) claim: audience claim does not match any expected audience", "audience"),
    (403, "invalid expiration time (exp) claim: token is expired", "expired"),
    (403, "invalid not before (nbf) claim: token not yet valid", "not_yet"),
    (403, "invalid issued at (iat) claim: token issued in the future", "not_yet"),
    (403, "invalid issuer (iss) claim", "issuer"),
    (403, "invalid algorithm (alg) header parameter: token signed with unexpected algorithm", "algorithm"),
    (403, "error verifying token signature: no known key successfully validated the token signature", "signature"),
    (500, "1 error(s) decoding: * 'kubernetes.io' expected a map, got 'string'", "claims"),
    (500, "decoding failed due to the following error(s): 'aud' source data must be an array or slice", "claims"),
    (500, "could not parse UID from claims", "claims"),
    (500, "service account namespace and name must be set", "claims"),
    (403, "go-jose/go-jose/jwt: expected number value to unmarshal NumericDate", "claims"),
    (500, "unknown alias_name_source \"uid\"", "alias_source"),
    (403, "service account name not authorized", "name"),
    (
        403,
        "namespace not authorized err=namespace lookup failed: TokenReviewer JWT needs to be configured to use namespace selectors",
        "selector_reviewer",
    ),
    (
        403,
        "namespace not authorized err=failed to get namespace (code 403 status namespaces \"a\" is forbidden: User \"system:serviceaccount:vault:reviewer\" cannot get resource)",
        "selector_rights",
    ),
    (403, "namespace not authorized err=failed to get namespace (code 401 status Unauthorized)", "reviewer_unknown"),
    (500, "failed to get service account (code 401 status Unauthorized)", "reviewer_unknown"),
    (
        500,
        "lookup failed: service account unauthorized; this could mean it has been deleted or recreated with a new token",
        "reviewer_unknown",
    ),
    (500, "failed to get service account (code 403 status serviceaccounts \"a\" is forbidden)", "metadata_rights"),
    (
        400,
        "entity alias metadata keys for only internal use found from the client token's associated service account annotations: keys=[\"service_account_uid\"]",
        "metadata_reserved",
    ),
    (
        403,
        "namespace not authorized err=Get \"https://a/api/v1/namespaces/a\": tls: failed to verify certificate: x509: certificate signed by unknown authority",
        "authority",
    ),
    (500, "Get \"https://a/api/v1/namespaces/a/serviceaccounts/a\": x509: certificate has expired", "authority"),
    (
        403,
        "namespace not authorized err=Get \"https://nosuch.invalid/api/v1/namespaces/a\": dial tcp: lookup nosuch.invalid on 10.0.0.2:53: no such host",
        "host_unknown",
    ),
    (
        403,
        "namespace not authorized err=Get \"https://127.0.0.1:1/api/v1/namespaces/a\": dial tcp 127.0.0.1:1: connect: connection refused",
        "host_unreached",
    ),
    (
        403,
        "namespace not authorized err=Get \"https://a/api/v1/namespaces/a\": context deadline exceeded",
        "host_unreached",
    ),
    (
        403,
        "namespace not authorized err=failed to get namespace (code 404 status namespaces \"a\" not found)",
        "lookup",
    ),
    (
        403,
        "namespace not authorized err=failed to parse error status on namespace retrieval failure err=invalid character '<' looking for beginning of value",
        "lookup",
    ),
    (500, "failed to get service account (code 404 status serviceaccounts \"a\" not found)", "lookup"),
    (500, "lookup failed: service account jwt not valid", "review"),
    (500, "lookup failed: [invalid bearer token, service account token has been invalidated]", "review"),
    (500, "JWT UIDs did not match", "review"),
    (403, "namespace not authorized err=values[0][a]: Invalid value: \"b c d/\"", "selector"),
    (403, "namespace not authorized err=label selector match expressions are not supported", "selector"),
    (403, "namespace not authorized", "namespace"),
    (200, "mfa_requirement", "second_factor"),
    (200, "wrap_info", "wrapped"),
    (403, "egp standard policy \"root/logins\" evaluation resulted in denial.", "egp"),
    (400, "auth methods cannot create root tokens", "root_policy"),
    (400, "cannot assign policy \"response-wrapping\"", "root_policy"),
    (500, "failed to populate auth information: unable to parse remote address", "address_unbound"),
    (429, "request path \"auth/kubernetes/login\": rate limit quota exceeded", "rate_quota"),
    (429, "request path \"auth/kubernetes/login\": lease count quota exceeded", "lease_quota"),
    (503, "API access to this namespace has been locked by an administrator", "namespace_locked"),
    (403, "namespaces feature not enabled", "no_namespaces"),
    (500, "missing name in alias", "identity"),
    (500, "failed to create an entity for the authenticated alias", "identity"),
    (500, "failed to find MFAEnforcement configuration, error: x", "identity"),
    (400, "failed to create token", "token"),
    (400, "failed to register token lease during login request", "token"),
    (500, "internal error", "token"),
    (403, "permission denied", "bare"),
];

fn words(said: &[&str]) -> Vec<String> {
    said.iter().map(|words| (*words).to_owned()).collect()
}

#[test]
fn every_text_is_told_for_what_it_is() {
    for (status, said, cause) in SAID {
        let words = words(&[said]);
        let refusal = LoginRefusal::of(&words).unwrap_or_else(|| panic!("{said} is not known"));
        assert_eq!(refusal.cause, *cause, "{said}");
        let (why, next) = explain(Some(*status), &words);
        assert!(why.starts_with(refusal.why) && next == refusal.next);
        assert_eq!(why.ends_with(said), refusal.why.ends_with(':'), "{why}");
    }
}

#[test]
fn every_text_of_the_table_is_one_that_a_server_says() {
    let said: BTreeSet<_> = SAID.iter().map(|(_, said, cause)| (*said, *cause)).collect();
    for LoginRefusal { cause, texts, .. } in LoginRefusal::all() {
        for text in texts {
            let is_said = said.iter().any(|(said, by)| by == cause && said.contains(text));
            let is_of_the_network = matches!(*cause, "authority" | "host_unreached");
            assert!(is_said || is_of_the_network, "{cause}: {text}");
        }
    }
    let causes: BTreeSet<_> = LoginRefusal::all().iter().map(|refusal| refusal.cause).collect();
    assert_eq!(causes.len(), LoginRefusal::all().len(), "a cause has two rows");
}

#[test]
fn what_is_not_known_is_said_as_it_is() {
    for (status, said, why) in [
        (500, &["strange"][..], "Vault turns the login away with 500 and says: strange"),
        (403, &[], "Vault turns the login away with 403 and says nothing"),
        (403, &["sentinel says no", "permission denied"], "sentinel says no"),
        (500, &["context deadline exceeded"], "and says: context deadline exceeded"),
        (404, &["not here"], "and says: not here"),
    ] {
        let told = explain(Some(status), &words(said)).0;
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn the_page_has_the_table() {
    let table = include_str!("table.md");
    assert_eq!(LoginRefusal::all().len(), table.lines().count(), "a line is no row");
    let page = include_str!("../../../../docs/steps/kubernetes-role.md");
    assert!(page.contains(table), "docs/steps/kubernetes-role.md lacks, or has otherwise:\n{table}");
}
