//! The AppRole auth method: its mount and one role.

use schemars::JsonSchema;
use serde::Deserialize;
use trustpath_platform::{
    PolicyName, Ttl,
    vault::backend::{AuthMethod, Document, LoginProof, Mounted, SecretRef, Segment, auth_method},
};

inventory::submit! { auth_method::<AppRole>("approle", "A machine outside of the cluster: the AppRole mount and a role") }

/// An AppRole mount with one role. Its policies are those of the steps that it needs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppRole {
    /// Where the auth method is mounted, below `auth/`.
    mount: Segment,
    /// The role's name.
    role: Segment,
    /// How long a token lives.
    #[serde(default)]
    token_ttl: Ttl,
}

impl AuthMethod for AppRole {
    const TYPE: &'static str = "approle";
    type Takes = Vec<PolicyName>;

    fn mount(&self, _: &Vec<PolicyName>) -> Mounted {
        (&self.mount).into()
    }

    fn documents(&self, policies: &Vec<PolicyName>) -> Vec<Document> {
        let role = Document::merged("role", ["role", self.role.as_str()])
            .set("token_policies", PolicyName::names(policies))
            .set("token_ttl", self.token_ttl)
            .server_default("bind_secret_id", true)
            .fixed_at_creation(&["local_secret_ids"])
            .kept_below("role_id", "role-id")
            .dies_with_it("secret IDs", "secret-id");
        vec![role]
    }

    fn proof(&self, policies: &Vec<PolicyName>) -> Option<LoginProof> {
        let below = |last: &str| format!("role/{}/{last}", self.role);
        let (request, revoke) = (below("secret-id"), below("secret-id-accessor/destroy"));
        let login = LoginProof::at("login")
            .fetch("role_id", below("role-id"))
            .secret("secret_id", SecretRef::Minted { request, accessor: "secret_id_accessor", revoke })
            .expect_policies(policies);
        Some(login)
    }
}
