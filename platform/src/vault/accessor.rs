//! The end of a token that a login gave, and what it may do where it is known by its accessor alone.

use serde_json::{Map, Value, json};
use trustpath_core::Right;

use super::{
    Vault,
    call::VaultCall,
    capabilities::{Held, by_parts, only},
    rights::on,
};
use crate::{error::Error, policy::Capability::Update};

const CAPABILITIES: &str = "sys/capabilities-accessor";
const REVOKE: &str = "auth/token/revoke-accessor";
const REVOKE_SELF: &str = "auth/token/revoke-self";

const OF_A_LOGIN: (&str, &str) = ("accessor", "it is that of a token which is not there yet");
const OF_ITS_POLICIES: (&str, &str) = ("paths", "they are those that its policies are about");

impl Vault {
    /// What the token with this accessor may do at each path.
    pub async fn capabilities_of(&self, accessor: &str, paths: &[&str]) -> Result<Held, Error> {
        by_parts(paths, |part| async move {
            let body = json!({ "accessor": accessor, "paths": part });
            Ok(only(part, self.write(CAPABILITIES, &body).await?.0))
        })
        .await
    }

    /// Revokes a token by its accessor. One that is gone already is success.
    pub async fn revoke(&self, accessor: &str) -> Result<(), Error> {
        match self.taken_back(VaultCall::write(REVOKE, &json!({ "accessor": accessor }))?).await {
            Err(error) if error.says("invalid accessor") => Ok(()),
            other => other,
        }
    }

    /// Revokes the token that this connection has: that of a fresh [`LoggedIn`](super::LoggedIn). It needs no right but those of
    /// the default policy.
    pub async fn revoke_self(&self) -> Result<(), Error> {
        self.taken_back(VaultCall::write(REVOKE_SELF, &json!({}))?).await
    }

    /// Takes back what a write had made for a login, by writing its accessor to this path.
    pub(super) async fn give_back(&self, path: &str, accessor: &Value) -> Result<(), Error> {
        self.taken_back(VaultCall::write(path, accessor)?).await
    }

    /// What is there is taken back, whatever became of the lock of the run.
    async fn taken_back(&self, call: VaultCall) -> Result<(), Error> {
        self.written(VaultCall { locked: false, ..call }).await.map(drop)
    }
}

/// Asking what the token of a login may do, as [`Vault::capabilities_of`] does.
pub fn to_ask_by_accessor(namespace: Option<&str>) -> Vec<Right> {
    on(namespace, CAPABILITIES).may_send(&[Update], &Map::new(), &[OF_A_LOGIN, OF_ITS_POLICIES])
}

/// Revoking the token of a login, as [`Vault::revoke`] does.
pub fn to_revoke_by_accessor(namespace: Option<&str>) -> Vec<Right> {
    on(namespace, REVOKE).may_send(&[Update], &Map::new(), &[OF_A_LOGIN])
}
