//! The mount: enabled and disabled.

use async_trait::async_trait;
use serde_json::{Map, Value};
use trustpath_core::{Class, Context, Handle, Problem, Request, Result, Right, Shown, Values};
use trustpath_platform::{
    Vault,
    policy::Capability::{Delete, List, Read, Sudo, Update},
    vault::rights::on,
};

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
        [enable, on(None, "sys/auth").may(&[Read])].concat()
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
    /// Where its roles are listed.
    pub(crate) roles: String,
}

#[async_trait]
impl Request for Disable {
    fn rights(&self, _: Values) -> Vec<Right> {
        [on(None, &path(&self.mount)).may(&[Delete, Sudo]), on(None, &self.roles).may(&[List])].concat()
    }

    fn shown(&self) -> Shown {
        Shown { system: Vault::NAME.into(), method: "DELETE".into(), path: path(&self.mount), body: Value::Null }
    }

    async fn send(&self, cx: &Context) -> Result<()> {
        let vault = cx.handle::<Vault>().await?;
        let roles = vault.list(&self.roles).await?;
        if let Some(other) = roles.iter().find(|role| **role != self.role) {
            let message = format!("`{}` has the role {other}, and was left as it is", self.mount);
            return Err(Problem::new(Class::Conflict, "own_step::approle::in_use", message)
                .help("see whose it is: what is removed with a mount does not come back")
                .into());
        }
        Ok(vault.delete(&path(&self.mount)).await?)
    }
}
