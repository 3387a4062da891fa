//! The one list of what no snapshot compares, each with its reason. `docs/architecture.md` says the same in words
//! ("What does not come back").

/// Kubernetes gives an object that is made again others of these, and counts by itself.
pub(super) const OF_OBJECTS: [&str; 4] = ["uid", "resourceVersion", "creationTimestamp", "generation"];
/// When a condition last changed, and when a manager last wrote, says when something was made, and not what it is.
pub(super) const TIMES: [&str; 2] = ["lastTransitionTime", "time"];
/// The API server notes on a token Secret when its token was last used (KEP-2799).
pub(super) const LAST_USED: &str = "kubernetes.io/legacy-token-last-used";
/// Kinds that the API server writes by itself.
pub(super) const RESTLESS: [&str; 2] = ["events", "componentstatuses"];
/// The API server keeps Leases of its own: of these only the program's is looked at, in whatever namespace.
pub(super) const LEASE: &str = "trustpath";

/// Vault gives a mount that is made again another accessor and uuid, and counts the versions of a policy.
pub(super) const OF_VAULT: [&str; 5] = ["accessor", "uuid", "version", "modified", "created_time"];
/// The same, as they are stored; and the key under which a role of an AppRole mount keeps its secret IDs, which go with it.
pub(super) const OF_STORAGE: [&str; 6] =
    ["accessor", "uuid", "backend_aware_uuid", "DataVersion", "Modified", "hmac_key"];

/// What is not compared in Vault's storage, by the beginning of its path; `identity/` stands for that engine.
pub(super) const STORED: [(&str, &str); 10] = [
    ("sys/token/id/", "tokens: that of a login ends when it is revoked, or with its lease"),
    ("sys/token/accessor/", "the same, by accessor"),
    ("sys/token/parent/", "the same, by parent"),
    ("sys/expire/", "leases: they end with their tokens, some time later"),
    ("sys/counters/", "what was counted: every request is"),
    ("core/", "the server's own keys and elections; what it mounts is compared, and is below `mounts/`"),
    ("wal/", "writes of the server's that are under way"),
    ("identity/packer/buckets/", "entities: every login leaves one; those that no login left are compared by name"),
    (
        "identity/packer/group/buckets/",
        "groups: an empty bucket stays behind the last of them; they are compared by name",
    ),
    ("identity/oidc_tokens/", "keys that the server makes and rotates by itself"),
];
/// A fresh KV v2 engine notes here that it is still turning itself into one.
pub(super) const UPGRADING: &str = "/upgrading";
/// The salt of an AppRole mount, by which it names what it keeps, and its index of role IDs; they are compared in their roles.
pub(super) const SALTED: [&str; 2] = ["/salt", "/role_id/"];

/// What is not compared in etcd, by the beginning of its path below the registry.
pub(super) const STORED_BY_THE_CLUSTER: [(&str, &str); 5] = [
    ("compact_rev_key", "how far etcd's history was cut off"),
    ("events/", "Events: they are written by whoever saw something, and end by themselves"),
    ("masterleases/", "which API servers there are"),
    ("ranges/", "which addresses and ports are given out"),
    ("apiregistration.k8s.io/", "which groups are served: the API server notes when it last saw them"),
];
