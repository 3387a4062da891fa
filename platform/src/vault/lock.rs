//! The lock in Vault that keeps clusters apart which share it: a secret of a KV v2 mount, written with `cas`.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trustpath_core::{Class, Problem, Result, Right};

use super::{Mounts, Resend, Vault, call::VaultCall, rights::on};
use crate::{
    connections::LockPath,
    error::{Error, ErrorKind},
    lock::{Claim, FoundRecord, LockStore, RecordVersion, Removed},
    policy::Capability::{Create, Delete, Read, Update},
    seen::Attempt,
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
    data: Option<Value>,
    metadata: Metadata,
}

/// The latest version, whether it was deleted or not.
#[derive(Deserialize)]
struct Metadata {
    #[serde(alias = "current_version")]
    version: u64,
}

impl KvRecord {
    /// The lock at a path, such as `kv/trustpath/lock`.
    ///
    /// # Errors
    /// When no KV v2 mount serves the path, or Vault cannot be reached or denies it.
    pub async fn open(vault: &Vault, path: &LockPath) -> Result<Self> {
        let mounts = vault.mounts().await?;
        let (mount, secret) = split(path.as_str(), &mounts).ok_or_else(|| no_kv(path))?;
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

    async fn put(&self, cas: u64, data: &impl Serialize) -> Result<Option<RecordVersion>, Error> {
        let call = VaultCall::write(&self.data, &json!({ "options": { "cas": cas }, "data": data }))?;
        let call = VaultCall { locked: false, ..call };
        match self.vault.call(&call).await {
            Ok(answer) => {
                let written: super::reply::VaultEnvelope<Metadata> = answer.parse(&call)?;
                Ok(written.data.map(|metadata| version(metadata.version)))
            }
            // Text is all there is: Vault and OpenBao answer 400 for this as for any other mistake.
            Err(error) if error.kind() == ErrorKind::Rejected && error.says("check-and-set") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The version that comes before a new one where there is nothing to read: none, or one that was deleted.
    async fn last_version(&self) -> Result<u64, Error> {
        let latest: Option<Metadata> = self.vault.read(&self.metadata).await?;
        Ok(latest.map_or(0, |latest| latest.version))
    }
}

#[async_trait]
impl LockStore for KvRecord {
    fn name(&self) -> String {
        format!("the lock {} in Vault", self.path)
    }

    async fn read(&self) -> Result<Option<FoundRecord>, Error> {
        let secret: Option<Secret> = self.vault.read(&self.data).await?;
        Ok(secret.and_then(|secret| {
            Some(FoundRecord { version: version(secret.metadata.version), claim: claim(secret.data?) })
        }))
    }

    async fn create(&self, claim: &Claim) -> Result<Option<RecordVersion>, Error> {
        match self.put(0, claim).await? {
            None if self.read().await?.is_none() => self.put(self.last_version().await?, claim).await,
            written => Ok(written),
        }
    }

    async fn replace(&self, version: &RecordVersion, claim: &Claim) -> Result<Option<RecordVersion>, Error> {
        match version.revision.parse() {
            Ok(cas) => self.put(cas, claim).await,
            Err(_) => Ok(None),
        }
    }

    /// Vault ties no deletion to a version: this one is sent once, and while the lock is ours. Where Vault has refused it,
    /// such as for a token that may not remove all versions, one is left that says that no one holds it. Where it may still
    /// be carried out, the lock is not let go: it would take away the next one's.
    async fn remove(&self, version: &RecordVersion) -> Result<Removed, Error> {
        let call = VaultCall { resend: Resend::Once, locked: false, ..VaultCall::delete(&self.metadata) };
        match self.vault.call(&call).await {
            Ok(_) => Ok(Removed::Yes),
            Err(error) if is_answered(&error) => {
                let cas = version.revision.parse().unwrap_or_default();
                match self.put(cas, &json!({})).await? {
                    Some(_) => Ok(Removed::Emptied(error)),
                    None => Ok(Removed::Refused),
                }
            }
            Err(error) => Err(error),
        }
    }
}

/// The KV v2 mount that serves a path, and the secret below it. Pure.
fn split<'a>(path: &'a str, mounts: &'a Mounts) -> Option<(&'a str, &'a str)> {
    let below = |mount: &'a String| Some((mount.as_str(), path.strip_prefix(mount.as_str())?));
    let (mount, secret) = mounts.secret.keys().filter_map(below).max_by_key(|(mount, _)| mount.len())?;
    (mounts.secret[mount].is_kv_v2() && !secret.is_empty()).then_some((mount, secret))
}

/// Whether Vault has said no itself, and carries nothing out any more.
fn is_answered(error: &Error) -> bool {
    error.what_was_seen().is_some_and(|seen| matches!(seen, Attempt::Status(_)) && !seen.may_come_late())
}

fn version(number: u64) -> RecordVersion {
    RecordVersion { object: String::new(), revision: number.to_string() }
}

/// What a secret says. Pure. One that says nothing is held by no one.
fn claim(data: Value) -> Claim {
    serde_json::from_value::<Claim>(data).unwrap_or_else(|_| Claim::vacant()).cleaned()
}

fn no_kv(path: &LockPath) -> Problem {
    let message = format!("`{path}` is no place for a lock: no KV v2 mount of this Vault serves it");
    Problem::new(Class::Config, "trustpath::lock::no_kv", message)
        .help("name a secret of a KV v2 mount with `lock` under [connections.vault]; `vault secrets list -detailed` shows them")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::{LockHolder, Terms};

    #[test]
    fn a_claim_is_read_back_from_its_secret() {
        let seconds = std::time::Duration::from_secs;
        let written = Claim::new(LockHolder::unknown("id"), Terms::new(seconds(120), seconds(90), seconds(60)));
        assert_eq!(claim(serde_json::to_value(&written).unwrap()), written);
    }

    #[test]
    fn a_path_is_served_by_the_longest_mount_that_fits() {
        let kv = |version: &str| json!({"type": "kv", "options": {"version": version}});
        let mounts = json!({"secret": {"kv/": kv("2"), "kv/old/": kv("1"), "team/kv/": kv("2")}});
        let mounts: Mounts = serde_json::from_value(mounts).unwrap();
        assert_eq!(split("kv/trustpath/lock", &mounts), Some(("kv/", "trustpath/lock")));
        assert_eq!(split("team/kv/lock", &mounts), Some(("team/kv/", "lock")));
        for path in ["kv/old/lock", "team/lock", "kvx/lock", "team/kv"] {
            assert_eq!(split(path, &mounts), None, "{path}");
        }
    }

    #[test]
    fn a_secret_that_says_nothing_is_held_by_no_one() {
        for data in [json!({}), json!({"holder": 7}), json!("text")] {
            assert_eq!(claim(data).holder, None);
        }
    }
}
