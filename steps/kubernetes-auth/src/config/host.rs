//! Where Vault reaches the API server.

use schemars::JsonSchema;
use serde::Deserialize;
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

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn parse(value: Value) -> Result<Host, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn urls_and_auto() {
        assert_eq!(parse(json!("https://a:6443")), Ok(Host::Url("https://a:6443".to_owned())));
        assert_eq!(parse(json!("auto")), Ok(Host::Auto));
    }

    #[rstest]
    #[case("kubernetes.default.svc")]
    #[case("ftp://a")]
    #[case("https://user:secret@a")]
    #[case("https://a/?x=1")]
    #[case("")]
    fn what_is_no_url_is_refused_and_not_repeated(#[case] text: &str) {
        let error = parse(json!(text)).expect_err("it was taken");
        assert!(!error.contains("secret"), "{error}");
    }
}
