//! The authorities that Vault's certificate is checked against.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};
use trustpath_core::{Answer, Class, Context, Problem, Read, Result, Right};
use trustpath_platform::kubernetes::names::{NamespaceName, ObjectName};
use x509_parser::pem::Pem;

/// Authorities, as they are or in a file.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(untagged)]
pub enum CaBundle {
    /// Certificates in PEM.
    Text(String),
    /// A file with certificates in PEM.
    File(CaFile),
}

/// A file with certificates in PEM.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaFile {
    /// The file, seen from where the program is started.
    pub file: PathBuf,
}

/// An object of the cluster that holds certificates in PEM.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaProvider {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: CaProviderKind,
    /// Its name.
    pub name: ObjectName,
    /// Its namespace: a store of the whole cluster has none of its own.
    pub namespace: NamespaceName,
    /// The key in it.
    pub key: String,
}

/// What holds the certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CaProviderKind {
    /// A Secret.
    Secret,
    /// A ConfigMap.
    ConfigMap,
}

// Written out, as an untagged enum would lose the place of a mistake in the file.
impl<'de> Deserialize<'de> for CaBundle {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrFile)
    }
}

struct TextOrFile;

impl<'de> Visitor<'de> for TextOrFile {
    type Value = CaBundle;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("certificates in PEM, or { file = \"…\" }")
    }

    fn visit_str<E>(self, text: &str) -> Result<CaBundle, E> {
        Ok(CaBundle::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<CaBundle, A::Error> {
        CaFile::deserialize(MapAccessDeserializer::new(map)).map(CaBundle::File)
    }
}

/// Reads the PEM text of a file.
#[derive(Debug)]
pub(crate) struct Authorities(pub(crate) PathBuf);

#[async_trait]
impl Read for Authorities {
    fn rights(&self) -> Vec<Right> {
        Vec::new()
    }

    async fn perform(&self, _: &Context) -> Result<Answer> {
        match tokio::fs::read_to_string(&self.0).await {
            Ok(text) => Ok(Answer::Found(text.into())),
            Err(error) => Err(unreadable(&self.0, error).into()),
        }
    }
}

fn unreadable(file: &Path, error: io::Error) -> Problem {
    let message = format!("the CA file {} cannot be read", file.display());
    Problem::new(Class::Config, "trustpath::cluster_secret_store::ca_file", message)
        .help("name a file with certificates in PEM, seen from where you start the program")
        .because(error)
}

/// The text as a store carries it: base64 of PEM.
///
/// # Errors
/// It holds no certificate, or something that is none.
pub(crate) fn encoded(pem: &str) -> std::result::Result<String, Problem> {
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
