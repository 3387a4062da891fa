//! Keys that take a word, or something else.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error as _};
use trustpath_platform::kubernetes::names::{NamespaceName, ObjectName};
use url::Url;

/// Where Vault reaches the API server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String", extend("pattern" = "^(auto|https?://.+)$"))]
pub(crate) enum Host {
    /// Looked up.
    #[default]
    Auto,
    /// This URL.
    Url(String),
}

impl TryFrom<String> for Host {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        url(&text).map(|()| Self::Url(text))
    }
}

/// The value stays out of the message: it may hold a password.
fn url(text: &str) -> Result<(), &'static str> {
    const LOOKS_LIKE: &str = "it takes \"auto\", or a URL such as https://10.0.0.1:6443";
    let url = Url::parse(text).map_err(|_| LOOKS_LIKE)?;
    if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
        return Err(LOOKS_LIKE);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a URL here has no user and no password in it");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("a URL here ends with its path");
    }
    Ok(())
}

/// What the API server's certificate is checked against.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Ca {
    /// Looked up.
    #[default]
    Auto,
    /// Nothing that the config says.
    None,
    /// These certificates, in PEM.
    Pem(String),
    /// The certificates in this file, in PEM; it is seen from where the program is started.
    File(PathBuf),
}

/// As whom Vault reviews tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ReviewerChoice {
    /// Looked up.
    #[default]
    Auto,
    /// Vault's own pod.
    Vault,
    /// Whoever logs in.
    Client,
    /// Whoever the mount's config says, which stays as it is.
    Keep,
    /// Somebody whose JWT this file holds, and nothing else; it is seen from where the program is started.
    File(PathBuf),
    /// Somebody whose JWT is in this Secret of the type `kubernetes.io/service-account-token`.
    Secret(SecretName),
}

/// Where a JWT comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum JwtLocation {
    /// A file that holds the JWT and nothing else, seen from where the program is started.
    File(PathBuf),
    /// A Secret of the type `kubernetes.io/service-account-token`.
    Secret(SecretName),
}

/// A Secret of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretName {
    /// Its namespace.
    pub(crate) namespace: NamespaceName,
    /// Its name.
    pub(crate) name: ObjectName,
}

/// Reads who reviews. A JWT that stands in its place is a secret, and is not repeated.
pub(super) fn reviewer<'de, D: Deserializer<'de>>(from: D) -> Result<ReviewerChoice, D::Error> {
    const REFUSED: &str = "a JWT does not belong into a graph file: write reviewer = { file = \"…\" }";
    ReviewerChoice::deserialize(from).map_err(|error| match error.to_string().contains("eyJ") {
        true => D::Error::custom(REFUSED),
        false => error,
    })
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
        assert_eq!(parse::<ReviewerChoice>(json!("client")), Ok(ReviewerChoice::Client));
        assert_eq!(parse::<ReviewerChoice>(json!({"file": "a"})), Ok(ReviewerChoice::File("a".into())));
        let secret = parse::<ReviewerChoice>(json!({"secret": {"namespace": "a", "name": "b"}}));
        assert!(matches!(secret, Ok(ReviewerChoice::Secret(_))), "{secret:?}");
    }

    #[rstest]
    #[case(json!("automatic"))]
    #[case(json!({"fiel": "ca.pem"}))]
    fn a_wrong_ca_says_what_it_takes(#[case] value: Value) {
        let error = parse::<Ca>(value).expect_err("it was taken");
        assert!(error.contains("expected one of `auto`, `none`, `pem`, `file`"), "{error}");
    }

    #[rstest]
    #[case(json!(1))]
    #[case(json!({"file": "a", "pem": "b"}))]
    #[case(json!({}))]
    fn it_takes_one_thing(#[case] value: Value) {
        parse::<Ca>(value).expect_err("it was taken");
    }

    #[test]
    fn a_jwt_in_the_file_is_refused_and_not_repeated() {
        for jwt in [json!("eyJhbGciOiJSUzI1NiJ9.x.y"), json!({"eyJhbGciOiJSUzI1NiJ9.x.y": ""})] {
            let error = reviewer(jwt).expect_err("a JWT was taken").to_string();
            assert!(error.contains("reviewer = { file") && !error.contains("eyJ"), "{error}");
        }
        let error = reviewer(json!("vualt")).expect_err("it was taken").to_string();
        assert!(error.contains("unknown variant `vualt`, expected one of `auto`, `vault`"), "{error}");
    }

    #[test]
    fn urls_and_auto() {
        assert_eq!(parse::<Host>(json!("https://a:6443")), Ok(Host::Url("https://a:6443".to_owned())));
        assert_eq!(parse::<Host>(json!("auto")), Ok(Host::Auto));
    }

    #[rstest]
    #[case("kubernetes.default.svc")]
    #[case("ftp://a")]
    #[case("https://user:secret@a")]
    #[case("https://a/?x=1")]
    #[case("")]
    fn what_is_no_url_is_refused_and_not_repeated(#[case] text: &str) {
        let error = parse::<Host>(json!(text)).expect_err("it was taken");
        assert!(!error.contains("secret"), "{error}");
    }
}
