//! The cases of kinds of one's own: backends, as a crate outside the workspace's own steps brings them.

use trustpath_own_step as _;
use trustpath_tests::{pair::Pair, somebody};

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
            step: "approle".into(),
            overlay: approle.into(),
            somebody: |pair| Box::pin(async move { somebody::app_role(&pair).await }),
            ..simple
        },
        "jwt" => KindCase {
            step: "jwt".into(),
            overlay: jwt,
            somebody: |pair| Box::pin(async move { somebody::jwt(&pair).await }),
            ..simple
        },
        "jwt-role" => KindCase {
            step: "jwt-role".into(),
            overlay: jwt + role,
            somebody: |pair| Box::pin(async move { somebody::jwt_role(&pair).await }),
            ..simple
        },
        _ => return None,
    })
}
