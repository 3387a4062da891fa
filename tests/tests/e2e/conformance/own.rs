//! The cases of kinds of one's own: backends, as a crate outside the workspace's own steps brings them.

use std::sync::Arc;

use serde_json::json;
use trustpath_own_step as _;
use trustpath_tests::pair::Pair;

use super::world::KindCase;

/// The case of a backend, of which this is the one with everything that its servers need.
pub(super) fn case(kind: &str, pair: &Pair, simple: KindCase) -> Option<KindCase> {
    let jwt = format!("[steps.jwt]\nuses = \"jwt\"\nwith = {{ mount = \"jwt\", keys = [{:?}] }}\n", pair.token_key());
    let role = "[steps.jwt-role]\nuses = \"jwt-role\"\nneeds = [\"service-account\", \"policy\", \"jwt\"]\n\
                with = { name = \"external-secrets\", audience = \"vault\", token_ttl = \"1h\" }\n";
    let approle = "[steps.approle]\nuses = \"approle\"\nneeds = [\"policy\"]\n\
                   with = { mount = \"approle\", role = \"ci\", token_ttl = 600 }\n";
    Some(match kind {
        "approle" => KindCase {
            step: "approle",
            overlay: approle.into(),
            somebody: |pair| Box::pin(async move { app_role(pair).await }),
            ..simple
        },
        "jwt" => KindCase {
            step: "jwt",
            overlay: jwt,
            somebody: |pair| Box::pin(async move { config(pair).await }),
            ..simple
        },
        "jwt-role" => KindCase {
            step: "jwt-role",
            overlay: jwt + role,
            somebody: |pair| Box::pin(async move { jwt_role(pair).await }),
            ..simple
        },
        _ => return None,
    })
}

async fn app_role(pair: Arc<Pair>) {
    let config = json!({"default_lease_ttl": "17m"});
    pair.vault.post("sys/auth/approle", &json!({"type": "approle", "description": "theirs", "config": config})).await;
    let role = json!({
        "token_policies": ["theirs"], "token_ttl": 60, "token_max_ttl": 7200, "secret_id_ttl": 3600, "secret_id_num_uses": 5,
        "local_secret_ids": true, "token_bound_cidrs": ["127.0.0.0/8"], "token_no_default_policy": true,
    });
    pair.vault.post("auth/approle/role/ci", &role).await;
}

async fn config(pair: Arc<Pair>) {
    pair.vault.post("sys/auth/jwt", &json!({"type": "jwt", "description": "theirs"})).await;
    let config =
        json!({"jwt_validation_pubkeys": [pair.token_key()], "bound_issuer": "theirs", "default_role": "theirs"});
    pair.vault.post("auth/jwt/config", &config).await;
}

async fn jwt_role(pair: Arc<Pair>) {
    let role = json!({
        "role_type": "jwt", "user_claim": "sub", "bound_audiences": ["theirs"], "token_policies": ["theirs"],
        "clock_skew_leeway": 30, "bound_claims": {"a": "b"}, "token_num_uses": 7,
    });
    pair.vault.post("auth/jwt/role/external-secrets", &role).await;
}
