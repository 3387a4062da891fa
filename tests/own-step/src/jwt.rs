//! The JWT auth method: its mount with the config, and a role on a mount that another step has made.

use schemars::JsonSchema;
use serde::Deserialize;
use trustpath_platform::{
    AuthMount, PolicyName, ServiceAccountRef, StoreAuth, Ttl,
    vault::backend::{AuthMethod, Document, LoginProof, Mounted, Segment, auth_method},
};

inventory::submit! { auth_method::<Jwt>("jwt", "The JWT auth method: whose tokens it takes, by their keys") }
inventory::submit! { auth_method::<JwtRole>("jwt-role", "A role by which a ServiceAccount logs in with its own token") }

/// A JWT mount that knows the cluster's tokens by its keys.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Jwt {
    /// Where the auth method is mounted, below `auth/`.
    mount: Segment,
    /// The public keys that tokens are signed with, in PEM.
    keys: Vec<String>,
    /// The issuer that tokens must have.
    issuer: Option<String>,
}

impl AuthMethod for Jwt {
    const TYPE: &'static str = "jwt";
    const SERVES_ONE_CLUSTER: bool = true;
    type Takes = ();

    fn mount(&self, (): &()) -> Mounted {
        (&self.mount).into()
    }

    fn documents(&self, (): &()) -> Vec<Document> {
        let config = Document::replaced("config", ["config"]).set("jwt_validation_pubkeys", &self.keys);
        let config = config.set("bound_issuer", self.issuer.as_deref().unwrap_or_default());
        vec![config.server_default("namespace_in_state", true).echoed(&["status"])]
    }
}

/// A role for one ServiceAccount. Its policies are those of the steps that it needs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JwtRole {
    /// The role's name.
    name: Segment,
    /// Whom a token has to be made for.
    audience: String,
    /// How long a token of Vault's lives.
    #[serde(default)]
    token_ttl: Ttl,
}

impl AuthMethod for JwtRole {
    const TYPE: &'static str = "jwt";
    const SERVES_ONE_CLUSTER: bool = true;
    type Takes = (AuthMount, ServiceAccountRef, Vec<PolicyName>);

    fn mount(&self, (mount, ..): &Self::Takes) -> Mounted {
        mount.into()
    }

    fn documents(&self, (_, account, policies): &Self::Takes) -> Vec<Document> {
        let role = Document::merged("role", ["role", self.name.as_str()])
            .set("role_type", "jwt")
            .set("user_claim", "sub")
            .set("bound_subject", format!("system:serviceaccount:{}:{}", account.namespace, account.name))
            .set("bound_audiences", [&self.audience])
            .set("token_policies", PolicyName::names(policies));
        let role = role.server_default("bound_claims_type", "string").server_default("callback_mode", "client");
        vec![role.set("token_ttl", self.token_ttl)]
    }

    fn proof(&self, (_, account, policies): &Self::Takes) -> Option<LoginProof> {
        let login = LoginProof::at("login").set("role", self.name.as_str());
        let login = login.token_of("jwt", account.clone(), vec![self.audience.clone()]);
        Some(login.expect_policies(policies))
    }

    fn audience(&self) -> Option<&str> {
        Some(&self.audience)
    }

    fn store_auth(&self, (mount, ..): &Self::Takes) -> Option<StoreAuth> {
        let account = ["kubernetesServiceAccountToken", "serviceAccountRef"];
        Some(StoreAuth::by_service_account("jwt", ("path", mount), self.name.as_str(), &account))
    }
}
