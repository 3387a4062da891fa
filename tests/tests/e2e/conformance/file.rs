//! The case that the crate of a kind brings with it, in its `conformance.toml`.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use trustpath_tests::pair::Pair;

/// What the conformance kit needs to know of a kind.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseFile {
    /// The step under test.
    pub(super) step: String,
    /// A graph file over the standard one, which has that step.
    pub(super) overlay: String,
    /// What another client had put there before, in this order.
    #[serde(default)]
    somebody: Vec<Put>,
    /// All that may be there afterwards, in the order in which it goes, as a path of either system.
    remove: Vec<At>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum At {
    Vault(String),
    Kubernetes(String),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Put {
    at: At,
    object: Value,
}

impl CaseFile {
    /// That of a kind; `None` where its crate has none.
    pub(super) fn of(kind: &str) -> Option<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../steps/{kind}/conformance.toml"));
        let text = path.is_file().then(|| std::fs::read_to_string(&path).expect("a file that can be read"))?;
        Some(toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    }

    pub(super) async fn put(&self, pair: &Pair) {
        for Put { at, object } in &self.somebody {
            match at {
                At::Vault(path) => drop(pair.vault.post(path, object).await),
                At::Kubernetes(path) => drop(pair.kubernetes.apply(path, "somebody", object.to_string()).await),
            }
        }
    }

    pub(super) async fn clean(&self, pair: &Pair) {
        for at in &self.remove {
            match at {
                At::Vault(path) => pair.vault.delete(path).await,
                At::Kubernetes(path) => pair.kubernetes.delete(path).await,
            }
        }
    }
}
