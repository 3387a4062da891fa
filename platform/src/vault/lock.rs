//! The lock in Vault that keeps clusters apart which share it: a secret of a KV v2 mount, written with `cas`.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trustpath_core::{Class, Problem, Result, Right};

use super::{Mount, Vault, request::Call, rights::on};
use crate::{
    connections::LockPath,
    error::{Error, Kind},
    lock::{Claim, Found, Record, Version, Written},
    policy::Capability::{Create, Delete, Read, Update},
    retry::Repeat,
};

/// The lock of a Vault.
pub struct KvRecord {
    vault: Vault,
    path: String,
    data: String,
    metadata: String,
}

/// The data of a version, and which version it is.
#[derive(Deserialize)]
struct Secret {
    #[serde(default)]
    data: Option<Value>,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    version: u64,
}

/// What is known of a secret whose latest version was deleted.
#[derive(Deserialize)]
struct History {
    current_version: u64,
}

/// The mount that serves a path.
#[derive(Deserialize)]
struct Served {
    path: String,
    #[serde(flatten)]
    mount: Mount,
}

/// What a write is tied to: the version that is the latest.
#[derive(Serialize)]
struct Cas {
    cas: u64,
}

impl KvRecord {
    /// The lock at a path, such as `kv/trustpath/lock`.
    ///
    /// # Errors
    /// When no KV v2 mount serves the path, or Vault cannot be reached or denies it.
    pub async fn open(vault: &Vault, path: &LockPath) -> Result<Self> {
        let served: Option<Served> = vault.read(&Vault::path(["sys/internal/ui/mounts", path.as_str()])).await?;
        let served = served.filter(|served| served.mount.is_kv_v2()).ok_or_else(|| no_kv(path))?;
        let mount = served.path.trim_matches('/');
        let secret = path.as_str().strip_prefix(mount).map(|rest| rest.trim_matches('/')).unwrap_or_default();
        if secret.is_empty() {
            return Err(no_kv(path).into());
        }
        let at = |api: &str| Vault::path([mount, api, secret]);
        Ok(Self { vault: vault.clone(), path: path.to_string(), data: at("data"), metadata: at("metadata") })
    }

    /// What holding the lock needs, where the mount is the first segment of the path: which it is, only the server knows.
    pub fn rights(path: &LockPath) -> Vec<Right> {
        let (mount, secret) = path.as_str().split_once('/').unwrap_or_default();
        let at = |api: &str| Vault::path([mount, api, secret]);
        let (data, metadata) = (at("data"), at("metadata"));
        [on(None, &data).may(&[Create, Read, Update]), on(None, &metadata).may(&[Read, Delete])].concat()
    }

    async fn put(&self, cas: u64, data: &impl Serialize) -> Result<Written, Error> {
        let call = Call::write(&self.data, &json!({ "options": Cas { cas }, "data": data }))?;
        let call = Call { locked: false, ..call };
        match self.vault.call(&call).await {
            Ok(answer) => {
                let written: super::reply::Envelope<Metadata> = answer.parse(&call)?;
                Ok(written.data.map_or(Written::Refused, |metadata| Written::As(version(metadata.version))))
            }
            // Text is all there is: Vault and OpenBao answer 400 for this as for any other mistake.
            Err(error) if error.kind() == Kind::Rejected && error.says("check-and-set") => Ok(Written::Refused),
            Err(error) => Err(error),
        }
    }

    /// The version that comes before a new one where there is nothing to read: none, or one that was deleted.
    async fn last_version(&self) -> Result<u64, Error> {
        let history: Option<History> = self.vault.read(&self.metadata).await?;
        Ok(history.map_or(0, |history| history.current_version))
    }
}

#[async_trait]
impl Record for KvRecord {
    fn name(&self) -> String {
        format!("the lock {} in Vault", self.path)
    }

    async fn read(&self) -> Result<Option<Found>, Error> {
        let secret: Option<Secret> = self.vault.read(&self.data).await?;
        Ok(secret
            .and_then(|secret| Some(Found { version: version(secret.metadata.version), claim: claim(secret.data?) })))
    }

    async fn create(&self, claim: &Claim) -> Result<Written, Error> {
        match self.put(0, claim).await? {
            Written::Refused if self.read().await?.is_none() => self.put(self.last_version().await?, claim).await,
            written => Ok(written),
        }
    }

    async fn replace(&self, version: &Version, claim: &Claim) -> Result<Written, Error> {
        match version.revision.parse() {
            Ok(cas) => self.put(cas, claim).await,
            Err(_) => Ok(Written::Refused),
        }
    }

    /// Vault ties no deletion to a version: this one is sent once, and while the lock is ours. A token that may not
    /// remove all versions leaves one that says that nobody holds it.
    async fn remove(&self, version: &Version) -> Result<bool, Error> {
        let call = Call { repeat: Repeat::Harmful, locked: false, ..Call::delete(&self.metadata) };
        match self.vault.call(&call).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == Kind::Denied => {
                let cas = version.revision.parse().unwrap_or_default();
                Ok(self.put(cas, &json!({})).await? != Written::Refused)
            }
            Err(error) => Err(error),
        }
    }
}

fn version(number: u64) -> Version {
    Version { object: String::new(), revision: number.to_string() }
}

/// What a secret says. Pure. One that says nothing is held by nobody.
fn claim(data: Value) -> Claim {
    let nobody = Claim { holder: None, lease_seconds: 0, horizon_seconds: 0, unfinished: None };
    serde_json::from_value::<Claim>(data).unwrap_or(nobody).cleaned()
}

fn no_kv(path: &LockPath) -> Problem {
    let message = format!("`{path}` is no place for a lock: no KV v2 mount of this Vault serves it");
    Problem::new(Class::Config, "trustpath::lock::no_kv", message)
        .help("name a secret of a KV v2 mount with `lock` under [connections.vault]; `vault secrets list -detailed` shows them")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::{Holder, Terms};

    #[test]
    fn a_claim_is_read_back_from_its_secret() {
        let seconds = std::time::Duration::from_secs;
        let written = Claim::new(Holder::unknown("id"), Terms::new(seconds(120), seconds(90), seconds(60)));
        assert_eq!(claim(serde_json::to_value(&written).unwrap()), written);
    }

    #[test]
    fn a_secret_that_says_nothing_is_held_by_nobody() {
        for data in [json!({}), json!({"holder": 7}), json!("text")] {
            assert_eq!(claim(data).holder, None);
        }
    }
}
