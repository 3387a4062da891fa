//! The mount: enabled, disabled, and what is on it.

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use trustpath_core::{Answer, Class, Context, Handle, Problem, Read, Request, Result, Right, Shown, Values};
use trustpath_platform::{
    Vault,
    policy::Capability::{Delete, List, Read as MayRead, Sudo, Update},
    vault::rights::on,
};

/// Lists the roles at a path.
#[derive(Debug)]
pub(crate) struct Roles(pub(crate) String);

#[async_trait]
impl Read for Roles {
    fn rights(&self) -> Vec<Right> {
        on(None, &self.0).may(&[List])
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        Ok(Answer::Found(json!(cx.handle::<Vault>().await?.list(&self.0).await?)))
    }
}

fn path(mount: &str) -> String {
    Vault::path(["sys/auth", mount])
}

/// Enables the auth method.
#[derive(Debug)]
pub(crate) struct Enable {
    pub(crate) mount: String,
    pub(crate) description: String,
}

impl Enable {
    fn body(&self) -> Map<String, Value> {
        Map::from_iter([("type".into(), "approle".into()), ("description".into(), self.description.clone().into())])
    }
}

#[async_trait]
impl Request for Enable {
    fn rights(&self, _: Values) -> Vec<Right> {
        let enable = on(None, &path(&self.mount)).may_send(&[Update, Sudo], &self.body(), &[]);
        [enable, on(None, "sys/auth").may(&[MayRead])].concat()
    }

    fn shown(&self) -> Shown {
        let body = Value::Object(self.body());
        Shown { system: Vault::NAME.into(), method: "POST".into(), path: path(&self.mount), body }
    }

    /// Enabling twice is refused, so a second run looks first.
    async fn send(&self, cx: &Context) -> Result<()> {
        let vault = cx.handle::<Vault>().await?;
        let mounts: Value = vault.read("sys/auth").await?.unwrap_or_default();
        if mounts[format!("{}/", self.mount)].is_null() {
            vault.write_once(&path(&self.mount), &self.body()).await?;
        }
        Ok(())
    }
}

/// Disables it, unless others have roles on it by then.
#[derive(Debug)]
pub(crate) struct Disable {
    pub(crate) mount: String,
    pub(crate) role: String,
    pub(crate) roles: Roles,
}

#[async_trait]
impl Request for Disable {
    fn rights(&self, _: Values) -> Vec<Right> {
        [on(None, &path(&self.mount)).may(&[Delete, Sudo]), self.roles.rights()].concat()
    }

    fn shown(&self) -> Shown {
        Shown { system: Vault::NAME.into(), method: "DELETE".into(), path: path(&self.mount), body: Value::Null }
    }

    async fn send(&self, cx: &Context) -> Result<()> {
        let vault = cx.handle::<Vault>().await?;
        let roles = vault.list(&self.roles.0).await?;
        if let Some(other) = roles.iter().find(|role| **role != self.role) {
            let message = format!("`{}` has the role {other}, and was left as it is", self.mount);
            return Err(Problem::new(Class::Conflict, "own_step::approle::in_use", message)
                .help("see whose it is: what is removed with a mount does not come back")
                .into());
        }
        Ok(vault.delete(&path(&self.mount)).await?)
    }
}
