//! The texts of both families: the Kubernetes auth plugins (0.23.1 for HashiCorp Vault, and that of OpenBao 2.7.2; their texts are
//! the same), `hashicorp/cap` 0.11, which checks the JWT for both, and the servers' core before and after the plugin.

use super::{DENIED, Refusal};

const CLOCKS: &str = "compare the clocks of Vault and of the API server";
const REACH: &str = "see `kubernetes_host` of the auth mount, and the way there from where Vault runs";
const CLAIMS: &str = "log in with a JWT of this cluster's API server: `kubectl create token`";
const STORAGE: &str = "see Vault's log and its storage, then try again";

const fn row(cause: &'static str, texts: &'static [&'static str], why: &'static str, next: &'static str) -> Refusal {
    Refusal { cause, texts, why, next }
}

/// Every text that is known, the first that fits first.
pub const REFUSALS: &[Refusal] = &[
    // The role and the mount.
    row(
        "no_role",
        &["invalid role name"],
        "the login knows no such role",
        "trustpath plan; the role may have been removed just now",
    ),
    row(
        "not_configured",
        &["could not load backend configuration"],
        "the auth mount was never configured",
        "apply the step that makes the auth mount",
    ),
    row(
        "no_ca",
        &["kubernetes.io/serviceaccount/ca.crt"],
        "the auth mount holds no CA, and Vault runs in no pod that has one",
        "set `ca` of the auth mount",
    ),
    row(
        "pem_keys",
        &["does not contain any valid RSA or ECDSA public keys"],
        "a key in `pem_keys` of the auth mount is none",
        "give RSA or ECDSA public keys in `pem_keys`, or leave it out",
    ),
    row(
        "no_client",
        &["unrecoverable error"],
        "the auth mount has no client for the API server",
        "see Vault's log; `vault plugin reload -mounts=auth/MOUNT` makes a new one",
    ),
    row(
        "mount_goes",
        &["route entry is tainted"],
        "the auth mount is being removed",
        "wait until it is gone, and apply the step that makes it",
    ),
    row(
        "no_mount",
        &["no handler for route", "missing client token", "failed to find a matching mount"],
        "the auth mount is not there",
        "apply the step that makes the auth mount",
    ),
    row(
        "other_type",
        &["unsupported path", "unsupported operation", "failed to determine alias name", "missing role_id"],
        "the auth mount is of another type, which has no such login",
        "see its type with `vault auth list`, and choose another `mount`",
    ),
    row(
        "incomplete",
        &["missing role", "missing jwt"],
        "the role or the JWT did not arrive at Vault",
        "see what is on the way to VAULT_ADDR and changes the body of requests",
    ),
    // The JWT.
    row(
        "audience",
        &["invalid audience (aud) claim"],
        "the token was made for another audience than the role asks for",
        "let the role's `audience` be one of those that the token is asked for (the store's `audiences`)",
    ),
    row("expired", &["(exp) claim"], "the token is expired for Vault", CLOCKS),
    row("not_yet", &["(nbf) claim", "(iat) claim"], "the token is not yet good for Vault", CLOCKS),
    row(
        "issuer",
        &["invalid issuer (iss) claim"],
        "the token is of another issuer than `issuer` of the auth mount",
        "leave `issuer` out, or set it to what `kubectl get --raw /.well-known/openid-configuration` shows",
    ),
    row(
        "algorithm",
        &["invalid algorithm (alg) header parameter"],
        "the token is signed with an algorithm that Vault does not take",
        "let the API server sign with an RSA or ECDSA key (`--service-account-signing-key-file`)",
    ),
    row(
        "signature",
        &["verifying token signature"],
        "the token's signature cannot be verified:",
        "see whether `pem_keys` of the auth mount holds the key that this API server signs with, or leave it out",
    ),
    row(
        "claims",
        &[
            "error(s) decoding",
            "following error(s)",
            "could not parse UID",
            "namespace and name must be set",
            "go-jose/go-jose",
        ],
        "the token is not a ServiceAccount's as Vault reads it:",
        CLAIMS,
    ),
    row(
        "alias_source",
        &["unknown alias_name_source"],
        "the role names no known `alias_name_source`",
        "set `alias_name_source` to `serviceaccount_uid` or `serviceaccount_name`",
    ),
    row(
        "name",
        &["service account name not authorized"],
        "the role does not bind this ServiceAccount's name",
        "see `bound_service_account_names` with trustpath plan",
    ),
    // What Vault asks the API server.
    row(
        "selector_reviewer",
        &["TokenReviewer JWT needs to be configured to use namespace selectors"],
        "the role selects namespaces by labels, and the auth mount has no reviewer to look at them",
        "give the auth mount a `reviewer`, or name the namespaces in `bound_service_account_namespaces`",
    ),
    row(
        "selector_rights",
        &["failed to get namespace (code 403"],
        "the reviewer may not look at the namespace, whose labels the role selects by",
        "let the reviewer `get` namespaces, or name them in `bound_service_account_namespaces`",
    ),
    row(
        "reviewer_unknown",
        &[
            "failed to get namespace (code 401",
            "failed to get service account (code 401",
            "service account unauthorized",
        ],
        "the API server does not accept the reviewer's JWT: it is expired, or its ServiceAccount was removed or made anew",
        "give the auth mount a JWT that is valid: a `token-reviewer` step makes one that lasts",
    ),
    row(
        "metadata_rights",
        &["failed to get service account (code 403"],
        "the reviewer may not look at the ServiceAccount, whose annotations `use_annotations_as_alias_metadata` asks for",
        "let the reviewer `get` serviceaccounts, or set `use_annotations_as_alias_metadata` to false",
    ),
    row(
        "metadata_reserved",
        &["entity alias metadata keys for only internal use"],
        "annotations of the ServiceAccount set metadata that Vault keeps for itself:",
        "remove them: `kubectl get serviceaccount NAME -o yaml`",
    ),
    row(
        "authority",
        &["\": x509: ", "\": tls: ", "\": remote error: tls: "],
        "Vault does not trust the API server's certificate:",
        "see whether `kubernetes_host` and `ca` of the auth mount are of the same cluster, and the CA was not renewed since",
    ),
    row("host_unknown", &["no such host"], "Vault finds no address for the API server's name:", REACH),
    row(
        "host_unreached",
        &["\": dial tcp", "\": read tcp", "\": net/http: ", "\": http: ", "\": context deadline exceeded", "\": EOF"],
        "Vault does not reach the API server:",
        REACH,
    ),
    row(
        "lookup",
        &["failed to get namespace", "failed to get service account", "failed to parse error status"],
        "the API server does not tell Vault what it asks:",
        REACH,
    ),
    row(
        "review",
        &["lookup failed: ", "did not match"],
        "the API server's review does not confirm the token:",
        "see whether `kubernetes_host` of the auth mount is the API server that made it",
    ),
    row(
        "selector",
        &["namespace not authorized err="],
        "the role does not name this ServiceAccount's namespace, and Vault cannot evaluate its selector:",
        "correct `bound_service_account_namespace_selector`",
    ),
    row(
        "namespace",
        &["namespace not authorized"],
        "the role does not bind this ServiceAccount's namespace",
        "see `bound_service_account_namespaces` with trustpath plan",
    ),
    // The token that it would give.
    row(
        "second_factor",
        &["mfa_requirement"],
        "Vault asks for a second factor (login MFA), which no ServiceAccount has",
        "leave the auth mount, and the entities of its logins, out of `identity/mfa/login-enforcement`",
    ),
    row(
        "wrapped",
        &["wrap_info"],
        "Vault wraps its answer, and no token is in it",
        "leave `X-Vault-Wrap-TTL` out of `headers` under [connections.vault]",
    ),
    row(
        "egp",
        &["evaluation resulted in denial"],
        "an endpoint governing policy of Vault denies the login:",
        "see `vault list sys/policies/egp`",
    ),
    row(
        "root_policy",
        &["auth methods cannot create root tokens", "cannot assign policy"],
        "the role, or the identity of its logins, has a policy that no login can give:",
        "take it out of `token_policies`, and of the identity's entity and groups",
    ),
    row(
        "address_unbound",
        &["failed to populate auth information"],
        "Vault cannot bind the token to the address that logs in:",
        "leave `token_strictly_bind_ip` out, or see how Vault learns the address behind its load balancer",
    ),
    row(
        "rate_quota",
        &["rate limit quota exceeded"],
        "a rate limit quota of Vault is used up",
        "try again later, or raise the quota: `vault list sys/quotas/rate-limit`",
    ),
    row(
        "lease_quota",
        &["lease count quota exceeded"],
        "a lease count quota of Vault is used up: there are as many tokens as it allows",
        "revoke what is not needed, or raise the quota: `vault list sys/quotas/lease-count`",
    ),
    row(
        "namespace_locked",
        &["API access to this namespace has been locked"],
        "the Vault namespace is locked",
        "`vault namespace unlock`, by who holds its unlock key",
    ),
    row(
        "no_namespaces",
        &["namespaces feature not enabled"],
        "this edition of Vault has no namespaces, and one is set",
        "leave VAULT_NAMESPACE and `namespace` out",
    ),
    row(
        "identity",
        &["missing name in alias", "failed to create an entity", "failed to find MFAEnforcement"],
        "Vault cannot make an identity for the login:",
        STORAGE,
    ),
    row(
        "token",
        &["failed to create token", "failed to register token lease", "internal error"],
        "Vault cannot make the token:",
        STORAGE,
    ),
    row(
        "bare",
        &[DENIED],
        "Vault turns the login away without a reason. It does so where the API server's review of the token fails (the \
         reviewer's JWT is expired, deleted or lacks `system:auth-delegator`; Vault cannot reach or trust the API server; the \
         ServiceAccount was made anew), where no key in `pem_keys` verifies it, where the address that logs in is none of \
         `token_bound_cidrs`, where its identity entity is disabled, and where no auth mount of this type is at the path",
        "trustpath verify, and see the checks of the auth mount; Vault's log has the reason where its level is debug",
    ),
];
