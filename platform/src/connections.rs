//! The `[connections]` table of the graph file: where the systems are, as far as a file may say so, and which ones
//! they have to be.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use http::HeaderName;
use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, MapAccess},
};
use trustpath_core::file::Placeholder;

use crate::{checked_text, kubernetes::names::NamespaceName};

/// Where the two systems are. This program's own addresses and credentials come from the environment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Connections {
    /// Vault.
    #[serde(skip_serializing_if = "is_default")]
    pub vault: VaultConnection,
    /// Kubernetes.
    #[serde(skip_serializing_if = "is_default")]
    pub kubernetes: KubernetesConnection,
}

impl Connections {
    /// The placeholders of the graph file that stand for values in here.
    pub const PLACEHOLDERS: &[Placeholder] =
        &[Placeholder { name: "cluster", key: &["connections", "kubernetes", "cluster"] }];
}

/// Vault, as the graph file knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct VaultConnection {
    /// The URL at which the cluster reaches Vault. This program itself uses VAULT_ADDR.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The Vault namespace; one in VAULT_NAMESPACE has to be the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Refuse any Vault but the one with this cluster id (`vault status` shows it).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<String>,
    /// A secret of a KV v2 mount, such as `kv/trustpath/lock`, that keeps runs of clusters apart which share this Vault.
    /// All of them have to name the same one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock: Option<LockPath>,
    /// Headers that something before Vault asks for, sent with every request: `{ env = "NAME" }` or `{ file = "PATH" }` holds
    /// the value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<HeaderKey, HeldOutside>,
}

/// Where a value is that no graph file may hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(extend("x-secret" = true))]
pub enum HeldOutside {
    /// A variable of the environment.
    Env(String),
    /// A file, seen from where the program is started.
    File(PathBuf),
}

// Written out, as a derived one would quote a value that stands in the file itself.
impl<'de> Deserialize<'de> for HeldOutside {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(EnvOrFile)
    }
}

struct EnvOrFile;

impl<'de> de::Visitor<'de> for EnvOrFile {
    type Value = HeldOutside;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{ env = \"NAME\" } or { file = \"PATH\" }")
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<HeldOutside, E> {
        Err(E::custom("a value may be a secret, and stays out of the file: { env = \"NAME\" } or { file = \"PATH\" }"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<HeldOutside, A::Error> {
        let one = || de::Error::custom("one of `env` and `file` has to be there, and no other key");
        let held = match map.next_key::<String>()?.as_deref() {
            Some("env") => HeldOutside::Env(map.next_value()?),
            Some("file") => HeldOutside::File(map.next_value()?),
            _ => return Err(one()),
        };
        if map.next_key::<String>()?.is_some() { Err(one()) } else { Ok(held) }
    }
}

/// Kubernetes, as the graph file knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KubernetesConnection {
    /// What the cluster is called. Every `{cluster}` in the graph file stands for it, as in `mount = "kubernetes-{cluster}"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The context of the kubeconfig; `--context` has precedence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Refuse any cluster but the one whose `kube-system` namespace has this uid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// The namespace of the Lease that keeps runs apart, `default` where nothing is said. It has to be there, no run may
    /// make or remove it, and all graphs of a cluster have to name the same one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock_namespace: Option<NamespaceName>,
}

impl KubernetesConnection {
    /// The namespace of the Lease.
    pub fn lock_namespace(&self) -> &str {
        self.lock_namespace.as_ref().map_or("default", NamespaceName::as_str)
    }
}

checked_text! {
    /// The name of a header that is not Vault's, and not the connection's.
    pub HeaderKey: |text| {
        const OWN: [&str; 6] = ["host", "connection", "content-length", "content-type", "transfer-encoding", "upgrade"];
        let name = HeaderName::try_from(text).map_err(|_| format!("{text:?} is no name of a header"))?;
        match name.as_str().starts_with("x-vault-") || OWN.contains(&name.as_str()) {
            true => Err(format!("the header {text:?} is not to be set here: names in X-Vault- and those of the connection are kept")),
            false => Ok(()),
        }
    };
}

checked_text! {
    /// The path of a secret: a mount, and something below it.
    pub LockPath: |text| {
        let sound = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(|byte| byte.is_ascii_graphic());
        match text.contains('/') && text.split('/').all(sound) {
            true => Ok(()),
            false => Err(format!("{text:?} is no path of a secret such as `kv/trustpath/lock`")),
        }
    };
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_names_where_its_value_is() {
        let read = |headers: &str| {
            serde_json::from_str::<VaultConnection>(&format!("{{\"headers\": {headers}}}"))
                .map_err(|error| error.to_string())
        };
        assert_eq!(read(r#"{"X-Id": {"env": "ID"}}"#).unwrap().headers.len(), 1);
        assert_eq!(read(r#"{"X-Id": {"file": "id"}}"#).unwrap().headers.len(), 1);
        let literal = read(r#"{"X-Id": "s3cret-value"}"#).unwrap_err();
        assert!(literal.contains("stays out of the file") && !literal.contains("s3cret"), "{literal}");
        for wrong in [r#"{"X-Id": {}}"#, r#"{"X-Id": {"value": "x"}}"#, r#"{"X-Id": {"env": "A", "file": "b"}}"#] {
            assert!(read(wrong).unwrap_err().contains("one of `env` and `file`"), "{wrong}");
        }
        for name in ["x-vault-token", "X-Vault-Namespace", "Host", "Content-Length", "a b", ""] {
            assert!(read(&format!("{{\"{name}\": {{\"env\": \"A\"}}}}")).is_err(), "{name}");
        }
    }

    #[test]
    fn a_lock_is_a_secret_below_a_mount() {
        let fits = |path: &str| LockPath::try_from(path.to_owned()).is_ok();
        assert!(fits("kv/lock") && fits("team/kv/trustpath/lock"));
        assert!(!fits("kv") && !fits("/kv/lock") && !fits("kv/lock/") && !fits("kv/../sys/raw") && !fits("kv/a b"));
    }
}
