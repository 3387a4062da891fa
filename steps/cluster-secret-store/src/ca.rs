//! The authorities that Vault's certificate is checked against.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trustpath_core::{Class, Problem};
use trustpath_platform::kubernetes::names::{NamespaceName, ObjectName};
use x509_parser::pem::Pem;

/// An object of the cluster that holds certificates in PEM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaProvider {
    /// What it is.
    #[serde(rename = "type")]
    pub(crate) kind: CaProviderKind,
    /// Its name.
    pub(crate) name: ObjectName,
    /// Its namespace: a store of the whole cluster has none of its own.
    pub(crate) namespace: NamespaceName,
    /// The key in it.
    pub(crate) key: String,
}

/// What holds the certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) enum CaProviderKind {
    /// A Secret.
    Secret,
    /// A ConfigMap.
    ConfigMap,
}

impl fmt::Display for CaProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {:?} {}/{}", self.kind, self.namespace, self.name)
    }
}

/// The text as a store carries it: base64 of PEM.
///
/// # Errors
/// It holds no certificate, or something that is none.
pub(crate) fn encoded(pem: &str) -> Result<String, Problem> {
    let mut certificates = 0;
    for block in Pem::iter_from_buffer(pem.as_bytes()) {
        let block = block.map_err(|error| garbage("it is no PEM").because(error))?;
        if block.label != "CERTIFICATE" {
            return Err(garbage(&format!("it holds a {}", block.label.escape_debug())));
        }
        block.parse_x509().map_err(|error| garbage("it holds something that is no certificate").because(error))?;
        certificates += 1;
    }
    if certificates == 0 {
        return Err(garbage("it holds no certificate"));
    }
    Ok(STANDARD.encode(pem))
}

fn garbage(why: &str) -> Problem {
    let message = format!("`ca_bundle` is not usable: {why}");
    Problem::new(Class::Config, "trustpath::cluster_secret_store::ca_bundle", message)
        .help("it has to be the certificates of the authorities in PEM, `-----BEGIN CERTIFICATE-----` and so on")
}
