//! A login that gives back what it took.

use async_trait::async_trait;
use serde_json::{Value, json};
use trustpath_core::{Context, Evidence, Handle, Probe, Result, Right, Shown};
use trustpath_platform::{
    Vault,
    policy::Capability::{Read, Update},
    vault::rights::on,
};

/// Logs in with a secret ID of its own, and takes back both that and the token.
#[derive(Debug)]
pub(crate) struct AppRoleLogin {
    pub(crate) mount: String,
    /// The path of the role.
    pub(crate) role: String,
    /// What a token should have.
    pub(crate) policies: Vec<String>,
}

impl AppRoleLogin {
    fn below(&self, what: &str) -> String {
        format!("{}/{what}", self.role)
    }

    fn path(&self) -> String {
        Vault::path(["auth", &self.mount, "login"])
    }

    /// The policies of the token.
    async fn log_in(&self, vault: &Vault) -> Result<Vec<String>> {
        let role_id: Option<Value> = vault.read(&self.below("role-id")).await?;
        let secret = vault.write_once(&self.below("secret-id"), &json!({})).await?.data;
        let body = json!({"role_id": role_id.unwrap_or_default()["role_id"], "secret_id": secret["secret_id"]});
        let login = vault.login(&self.path(), &body).await;
        let revoked = match &login {
            Ok(login) => vault.revoke(&login.accessor).await,
            Err(_) => Ok(()),
        };
        // The one is given back whatever became of the other.
        let accessor = json!({"secret_id_accessor": secret["secret_id_accessor"]});
        vault.write(&self.below("secret-id-accessor/destroy"), &accessor).await?;
        revoked?;
        Ok(login?.policies)
    }
}

#[async_trait]
impl Probe for AppRoleLogin {
    fn rights(&self) -> Vec<Right> {
        let secret = ["secret-id", "secret-id-accessor/destroy"].map(|path| on(None, &self.below(path)).may(&[Update]));
        let revoke = on(None, "auth/token/revoke-accessor").may(&[Update]);
        [on(None, &self.below("role-id")).may(&[Read]), secret.concat(), revoke].concat()
    }

    fn shown(&self) -> Vec<Shown> {
        let body = json!({"role_id": "<the role ID>", "secret_id": "<a secret ID of its own>"});
        vec![Shown { system: Vault::NAME.into(), method: "POST".into(), path: self.path(), body }]
    }

    async fn run(&self, cx: &Context) -> Result<Evidence> {
        let policies = self.log_in(&*cx.handle::<Vault>().await?).await?;
        let what = format!("login as {}", self.role.rsplit('/').next().unwrap_or_default());
        Ok(match self.policies.iter().find(|policy| !policies.contains(policy)) {
            None => Evidence::new().passed(what, format!("with the policies {}", policies.join(", "))),
            Some(missing) => {
                let next = format!("trustpath apply {}", cx.step());
                Evidence::new().failed(what, format!("the token lacks the policy {missing}"), next)
            }
        })
    }
}
