//! Keys that take either a word or a table.

use std::{fmt, marker::PhantomData, path::PathBuf};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};
use trustpath_platform::kubernetes::names::{NamespaceName, ObjectName};

/// What the API server's certificate is checked against.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Ca {
    /// Looked up.
    #[default]
    Auto,
    /// These certificates.
    Pem(String),
    /// The certificates in this file.
    File(PathBuf),
    /// Nothing that the config says.
    None,
}

/// As whom Vault reviews tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Reviewer {
    /// Looked up.
    #[default]
    Auto,
    /// Vault's own pod.
    Vault,
    /// Whoever logs in.
    Client,
    /// Whoever the mount's config says, which stays as it is.
    Keep,
    /// Somebody whose JWT comes from here.
    Given(Source),
}

/// Where a JWT comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "SourceTable")]
#[schemars(with = "SourceTable")]
pub enum Source {
    /// A file that holds the JWT and nothing else, seen from where the program is started.
    File(PathBuf),
    /// A Secret of the type `kubernetes.io/service-account-token`.
    Secret(SecretRef),
}

/// Where a JWT comes from: one of the two.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
struct SourceTable {
    /// A file that holds the JWT and nothing else, seen from where the program is started.
    file: Option<PathBuf>,
    /// A Secret of the type `kubernetes.io/service-account-token`.
    secret: Option<SecretRef>,
}

impl TryFrom<SourceTable> for Source {
    type Error = &'static str;

    fn try_from(table: SourceTable) -> Result<Self, Self::Error> {
        match table {
            SourceTable { file: Some(file), secret: None } => Ok(Self::File(file)),
            SourceTable { file: None, secret: Some(secret) } => Ok(Self::Secret(secret)),
            _ => Err("it takes exactly one of `file` and `secret`"),
        }
    }
}

/// A Secret of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretRef {
    /// Its namespace.
    pub namespace: NamespaceName,
    /// Its name.
    pub name: ObjectName,
}

/// A public key, or a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PemKey {
    /// In PEM.
    Pem(String),
    /// In this file, in PEM.
    File(PathBuf),
}

/// A value that is a word, or a table with exactly one key. Written out, as an untagged enum would lose both the place
/// and the reason of a mistake in the file.
trait Choice: Sized {
    /// What it is, for messages.
    const EXPECTED: &'static str;
    type Table: for<'de> Deserialize<'de> + JsonSchema;

    fn word(word: &str) -> Result<Self, String>;
    fn table(table: Self::Table) -> Result<Self, &'static str>;
    fn words() -> serde_json::Value;
}

struct Words<C>(PhantomData<C>);

impl<'de, C: Choice> Visitor<'de> for Words<C> {
    type Value = C;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(C::EXPECTED)
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<C, E> {
        C::word(word).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<C, A::Error> {
        C::table(C::Table::deserialize(MapAccessDeserializer::new(map))?).map_err(de::Error::custom)
    }
}

macro_rules! choices {
    ($($name:ident),+) => { $(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_any(Words::<Self>(PhantomData))
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let table = generator.subschema_for::<<Self as Choice>::Table>();
                json_schema!({ "oneOf": [Self::words(), table] })
            }
        }
    )+ };
}

choices!(Ca, Reviewer, PemKey);

fn unknown<T>(word: &str, expected: &str) -> Result<T, String> {
    Err(format!("`{}` is not known here: it takes {expected}", word.escape_debug()))
}

/// Certificates: one of the two.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
struct PemTable {
    /// The certificates in PEM.
    pem: Option<String>,
    /// A file with the certificates in PEM, seen from where the program is started.
    file: Option<PathBuf>,
}

impl Choice for Ca {
    const EXPECTED: &'static str = r#""auto", "none", { pem = "…" } or { file = "ca.pem" }"#;
    type Table = PemTable;

    fn word(word: &str) -> Result<Self, String> {
        match word {
            "auto" => Ok(Self::Auto),
            "none" => Ok(Self::None),
            pem if pem.contains("-----BEGIN") => Err("a PEM text goes into a table: ca = { pem = \"…\" }".to_owned()),
            other => unknown(other, Self::EXPECTED),
        }
    }

    fn table(table: PemTable) -> Result<Self, &'static str> {
        match table {
            PemTable { pem: Some(pem), file: None } => Ok(Self::Pem(pem)),
            PemTable { pem: None, file: Some(file) } => Ok(Self::File(file)),
            _ => Err("it takes exactly one of `pem` and `file`"),
        }
    }

    fn words() -> serde_json::Value {
        serde_json::json!({ "enum": ["auto", "none"] })
    }
}

impl Choice for Reviewer {
    const EXPECTED: &'static str = r#""auto", "vault", "client", "keep", { file = "reviewer.jwt" } or { secret = { namespace = "…", name = "…" } }"#;
    type Table = Source;

    fn word(word: &str) -> Result<Self, String> {
        match word {
            "auto" => Ok(Self::Auto),
            "vault" => Ok(Self::Vault),
            "client" => Ok(Self::Client),
            "keep" => Ok(Self::Keep),
            // Whatever it is, it may be a secret: it is not repeated.
            jwt if jwt.starts_with("eyJ") => {
                Err("a JWT does not belong into a graph file: write reviewer = { file = \"…\" }".to_owned())
            }
            other => unknown(other, Self::EXPECTED),
        }
    }

    fn table(source: Source) -> Result<Self, &'static str> {
        Ok(Self::Given(source))
    }

    fn words() -> serde_json::Value {
        serde_json::json!({ "enum": ["auto", "vault", "client", "keep"] })
    }
}

/// A file with a key.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    /// The file, seen from where the program is started.
    file: PathBuf,
}

impl Choice for PemKey {
    const EXPECTED: &'static str = r#"a public key in PEM, or { file = "key.pem" }"#;
    type Table = KeyFile;

    fn word(pem: &str) -> Result<Self, String> {
        Ok(Self::Pem(pem.to_owned()))
    }

    fn table(table: KeyFile) -> Result<Self, &'static str> {
        Ok(Self::File(table.file))
    }

    fn words() -> serde_json::Value {
        serde_json::json!({ "type": "string" })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn parse<T: for<'de> Deserialize<'de>>(value: Value) -> Result<T, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn words_and_tables() {
        assert_eq!(parse::<Ca>(json!("none")), Ok(Ca::None));
        assert_eq!(parse::<Ca>(json!({"file": "ca.pem"})), Ok(Ca::File("ca.pem".into())));
        assert_eq!(parse::<Reviewer>(json!("client")), Ok(Reviewer::Client));
        assert_eq!(parse::<Reviewer>(json!({"file": "a"})), Ok(Reviewer::Given(Source::File("a".into()))));
        let secret = parse::<Reviewer>(json!({"secret": {"namespace": "a", "name": "b"}}));
        assert!(matches!(secret, Ok(Reviewer::Given(Source::Secret(_)))), "{secret:?}");
        assert_eq!(parse::<PemKey>(json!({"file": "a"})), Ok(PemKey::File("a".into())));
    }

    #[rstest]
    #[case(json!("automatic"), r#"{ file = "ca.pem" }"#)]
    #[case(json!("-----BEGIN CERTIFICATE-----"), "ca = { pem")]
    #[case(json!(1), r#"expected "auto", "none""#)]
    #[case(json!({"fiel": "ca.pem"}), "unknown field `fiel`, expected `pem` or `file`")]
    #[case(json!({"file": "a", "pem": "b"}), "exactly one of `pem` and `file`")]
    #[case(json!({}), "exactly one of `pem` and `file`")]
    fn a_wrong_ca_says_what_it_takes(#[case] value: Value, #[case] says: &str) {
        let error = parse::<Ca>(value).expect_err("it was taken");
        assert!(error.contains(says), "{error}");
        assert!(!error.contains("did not match any variant"), "{error}");
    }

    #[test]
    fn a_jwt_in_the_file_is_refused_and_not_repeated() {
        let error = parse::<Reviewer>(json!("eyJhbGciOiJSUzI1NiJ9.x.y")).expect_err("a JWT was taken");
        assert!(error.contains("reviewer = { file") && !error.contains("eyJ"), "{error}");
    }
}
