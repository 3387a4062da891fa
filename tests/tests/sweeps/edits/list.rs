//! What somebody does to the objects of a run, and what must become of it.

use futures::future::BoxFuture;
use serde_json::{Value, json};
use trustpath_tests::{
    pair::Pair,
    sweep::{Beginning, Outcome, World},
};

/// What must become of an edit when the run is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The undo refuses to touch it, and names it.
    Refused,
    /// It stands, and is in nobody's way: the undo is through.
    Beside,
    /// It stands, and so does what it is in, which the undo leaves and names; the run is finished.
    Kept,
    /// It cannot be told from what the run made, and goes with it: nothing on the server says who wrote it.
    Unseen,
}

impl Fate {
    /// How the undo ends.
    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self::Refused => Outcome::Stuck,
            Self::Beside | Self::Kept | Self::Unseen => Outcome::Before,
        }
    }

    /// Whether the edit is still there.
    pub(super) fn stands(self) -> bool {
        self != Self::Unseen
    }
}

/// One edit.
pub(super) struct Edit {
    /// What is done.
    pub(super) what: &'static str,
    /// Where in a snapshot it shows.
    place: &'static str,
    /// What the refusal has to say.
    pub(super) named: &'static [&'static str],
    /// The request that makes the object, where the server itself sees to it that nobody's edit is overwritten.
    pub(super) written_by: Option<&'static str>,
    /// What must become of it from an empty server, and from one that holds other values; `None` where it makes no sense.
    fates: [Option<Fate>; 2],
    /// Whether it only matters to whoever removes the namespace.
    in_namespace: bool,
    /// Does it.
    pub(super) make: fn(&Pair) -> BoxFuture<'_, ()>,
}

impl Edit {
    pub(super) fn fate(&self, world: &World) -> Option<Fate> {
        match self.fates[usize::from(world.beginning == Beginning::Other)] {
            // There before the program came, the namespace is not the program's to remove.
            Some(Fate::Kept) if self.in_namespace && world.namespace_stays() => Some(Fate::Beside),
            fate => fate,
        }
    }

    pub(super) fn looked_at(&self, seen: &Value) -> Value {
        seen.pointer(self.place).cloned().unwrap_or_default()
    }
}

const ACCOUNT: &str = "/kubernetes/api~1v1~1serviceaccounts/external-secrets~1external-secrets";
const STORE: &str = "/kubernetes/apis~1external-secrets.io~1v1~1clustersecretstores/~1vault-backend";
const ROLE: &str = "/vault/auth/kubernetes~1/roles/external-secrets";
const POLICY: &str = "/vault/policies/apps-read";

const WRITES_ACCOUNT: &str = "PATCH /api/v1/namespaces/external-secrets/serviceaccounts/external-secrets";
const WRITES_STORE: &str = "PATCH /apis/external-secrets.io/v1/clustersecretstores/vault-backend";

const REFUSED: [Option<Fate>; 2] = [Some(Fate::Refused), Some(Fate::Refused)];
const UNSEEN: [Option<Fate>; 2] = [Some(Fate::Unseen), Some(Fate::Unseen)];

pub(super) const EDITS: &[Edit] = &[
    Edit {
        what: "a colleague sets a label of the ServiceAccount",
        written_by: Some(WRITES_ACCOUNT),
        place: ACCOUNT,
        named: &["service-account", "team"],
        fates: REFUSED,
        in_namespace: false,
        make: |pair| Box::pin(account(pair, "colleague")),
    },
    Edit {
        what: "a colleague applies the same ServiceAccount",
        written_by: Some(WRITES_ACCOUNT),
        place: ACCOUNT,
        named: &["service-account", "colleague"],
        fates: REFUSED,
        in_namespace: false,
        make: |pair| Box::pin(account(pair, "platform")),
    },
    Edit {
        what: "a colleague puts something into the namespace",
        written_by: None,
        place: "/kubernetes/api~1v1~1configmaps/external-secrets~1theirs",
        named: &["service-account", "theirs"],
        fates: [Some(Fate::Kept), Some(Fate::Beside)],
        in_namespace: true,
        make: |pair| Box::pin(config_map(pair)),
    },
    Edit {
        what: "a colleague describes the mount",
        written_by: None,
        place: "/vault/auth/kubernetes~1/description",
        named: &["kubernetes-auth", "description"],
        fates: REFUSED,
        in_namespace: false,
        make: |pair| Box::pin(post(pair, "sys/mounts/auth/kubernetes/tune", json!({"description": "colleague's"}))),
    },
    Edit {
        what: "a colleague tunes the mount",
        written_by: None,
        place: "/vault/auth/kubernetes~1/config/max_lease_ttl",
        named: &["kubernetes-auth", "max_lease_ttl"],
        fates: REFUSED,
        in_namespace: false,
        make: |pair| Box::pin(post(pair, "sys/mounts/auth/kubernetes/tune", json!({"max_lease_ttl": "23h"}))),
    },
    Edit {
        what: "a colleague writes another config",
        written_by: None,
        place: "/vault/auth/kubernetes~1/config_of_mount/issuer",
        named: &["kubernetes-auth", "issuer"],
        fates: REFUSED,
        in_namespace: false,
        make: |pair| Box::pin(config(pair)),
    },
    Edit {
        what: "a colleague has a role on the mount",
        written_by: None,
        place: "/vault/auth/kubernetes~1/roles/theirs",
        named: &["kubernetes-auth", "theirs"],
        fates: [Some(Fate::Refused), Some(Fate::Beside)],
        in_namespace: false,
        make: |pair| {
            let role = json!({"bound_service_account_names": "a", "bound_service_account_namespaces": "b"});
            Box::pin(post(pair, "auth/kubernetes/role/theirs", role))
        },
    },
    Edit {
        what: "a colleague changes the policy",
        written_by: None,
        place: POLICY,
        named: &["policy", "text"],
        fates: REFUSED,
        in_namespace: false,
        make: |pair| Box::pin(post(pair, "sys/policies/acl/apps-read", json!({"policy": "# colleague's\n"}))),
    },
    Edit {
        what: "a colleague changes the role",
        written_by: None,
        place: ROLE,
        named: &["role", "token_ttl"],
        fates: REFUSED,
        in_namespace: false,
        make: |pair| Box::pin(post(pair, "auth/kubernetes/role/external-secrets", json!({"token_ttl": "23m"}))),
    },
    Edit {
        what: "a colleague writes the same role",
        written_by: None,
        place: ROLE,
        named: &[],
        fates: UNSEEN,
        in_namespace: false,
        make: |pair| Box::pin(post(pair, "auth/kubernetes/role/external-secrets", json!({"token_ttl": "1h"}))),
    },
    Edit {
        what: "a colleague leads the store elsewhere",
        written_by: Some(WRITES_STORE),
        place: STORE,
        named: &["secret-store", "path"],
        fates: REFUSED,
        in_namespace: false,
        make: |pair| Box::pin(store(pair, "theirs")),
    },
    Edit {
        what: "a colleague applies the same store",
        written_by: Some(WRITES_STORE),
        place: STORE,
        named: &["secret-store", "colleague"],
        fates: REFUSED,
        in_namespace: false,
        make: |pair| Box::pin(store(pair, "kv")),
    },
];

async fn post(pair: &Pair, path: &'static str, body: Value) {
    pair.vault.post(path, &body).await;
}

/// Another config with the same reviewer: a full replace, as Vault has it.
async fn config(pair: &Pair) {
    let (host, ca) = pair.kubernetes_direct();
    let jwt = std::fs::read_to_string(pair.reviewer_jwt()).expect("the reviewer's JWT");
    let body =
        json!({"kubernetes_host": host, "kubernetes_ca_cert": ca, "token_reviewer_jwt": jwt, "issuer": "colleague"});
    post(pair, "auth/kubernetes/config", body).await;
}

async fn account(pair: &Pair, team: &str) {
    let meta = json!({"name": "external-secrets", "labels": {"team": team}});
    let object = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta});
    colleague(pair, "api/v1/namespaces/external-secrets/serviceaccounts/external-secrets", object).await;
}

async fn config_map(pair: &Pair) {
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs"}, "data": {"a": "b"}});
    colleague(pair, "api/v1/namespaces/external-secrets/configmaps/theirs", object).await;
}

async fn store(pair: &Pair, path: &str) {
    let reference = json!({"name": "external-secrets", "namespace": "external-secrets"});
    let kubernetes = json!({"mountPath": "kubernetes", "role": "external-secrets", "serviceAccountRef": reference});
    let vault = json!({"server": "http://vault.vault.svc:8200", "path": path, "version": "v2", "auth": {"kubernetes": kubernetes}});
    let object = json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ClusterSecretStore",
        "metadata": {"name": "vault-backend"}, "spec": {"provider": {"vault": vault}},
    });
    colleague(pair, "apis/external-secrets.io/v1/clustersecretstores/vault-backend", object).await;
}

/// What a colleague's own server-side apply does.
async fn colleague(pair: &Pair, path: &str, object: Value) {
    pair.kubernetes.apply(path, "colleague", object.to_string()).await;
}
