//! Enabling the auth method.

use async_trait::async_trait;
use serde_json::Value;
use trustpath_core::{Context, Request, Result, Right, Shown, Values};
use trustpath_platform::{
    Vault,
    policy::Capability::{Read, Sudo, Update},
};

use super::{MountAt, NOT_YET, shown};
use crate::{observe, state::State, way};

/// Enables it as this state has it.
#[derive(Debug)]
pub(super) struct Enable {
    pub(super) at: MountAt,
    pub(super) to: State,
    /// Whether its description will name a JWT that is not there yet.
    pub(super) is_not_yet: bool,
}

impl Enable {
    /// Whether the mount that is in the way is the very one that was to be made, where this is sent for the second time.
    async fn is_done(&self, vault: &Vault) -> Result<bool> {
        let there = observe::mount(vault.read("sys/auth").await?, &self.at.mount);
        Ok(there.is_some_and(|raw| observe::state(raw, None, None).mount == self.to.mount))
    }
}

#[async_trait]
impl Request for Enable {
    fn rights(&self, values: Values) -> Vec<Right> {
        let path = self.at.method();
        let unpinned = if self.is_not_yet { &[NOT_YET][..] } else { &[] };
        let enable = match values {
            Values::Known => self.at.on(&path).may_send(&[Update, Sudo], &way::enabling(&self.to), unpinned),
            Values::Unknown => self.at.on(&path).may(&[Update, Sudo]),
        };
        [enable, self.at.on("sys/auth").may(&[Read])].concat()
    }

    fn shown(&self) -> Shown {
        let mut body = way::enabling(&self.to);
        if let (true, (description, why)) = (self.is_not_yet, NOT_YET) {
            body.insert(description.into(), format!("<known after apply: {why}>").into());
        }
        shown("POST", self.at.method(), Value::Object(body))
    }

    async fn send(&self, cx: &Context) -> Result<()> {
        let vault = self.at.vault(cx).await?;
        match vault.write_once(&self.at.method(), &way::enabling(&self.to)).await {
            Ok(_) => Ok(()),
            Err(error) if error.status() == Some(400) && self.is_done(&vault).await? => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
