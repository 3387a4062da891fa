//! Which proxy a request goes through, as the variables say it.

use hyper_util::client::proxy::matcher::Matcher;
use secrecy::SecretString;
use trustpath_core::{Class, Problem};
use url::{Host, Url};

use crate::Environment;

/// The proxy for Vault: `VAULT_PROXY_ADDR` (or its older name) always, the common variables unless Vault is on this
/// host or excluded by `NO_PROXY`. A proxy's URL may hold a password.
pub(crate) fn of_vault(environment: &Environment, address: &Url) -> Result<Option<SecretString>, Problem> {
    let own = environment.vault("PROXY_ADDR")?.or(environment.vault("HTTP_PROXY")?);
    let Some(proxy) = own.or_else(|| common(environment, address)) else {
        return Ok(None);
    };
    match Url::parse(proxy) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(Some(SecretString::from(proxy))),
        _ => Err(Problem::new(Class::Config, "trustpath::vault::proxy", "the proxy for Vault is no http or https URL")
            .help("set VAULT_PROXY_ADDR or HTTPS_PROXY to a URL like http://proxy.example.com:3128")),
    }
}

/// The proxy that the variables common to all programs name for this address.
pub(crate) fn common<'a>(environment: &'a Environment, address: &Url) -> Option<&'a str> {
    if loopback(address) || excluded(environment, address) {
        return None;
    }
    let names = match address.scheme() {
        "https" => ["HTTPS_PROXY", "https_proxy"],
        _ => ["HTTP_PROXY", "http_proxy"],
    };
    names.into_iter().find_map(|name| environment.get(name))
}

/// Whether `NO_PROXY` covers the address, by curl's rules: host names with their subdomains, addresses, networks, `*`.
fn excluded(environment: &Environment, address: &Url) -> bool {
    let no = environment.get("NO_PROXY").or_else(|| environment.get("no_proxy")).unwrap_or_default();
    let matcher = Matcher::builder().all("http://any.invalid").no(no).build();
    address.as_str().parse().is_ok_and(|uri: http::Uri| matcher.intercept(&uri).is_none())
}

/// Whether the address stays on this host.
pub(crate) fn loopback(address: &Url) -> bool {
    match address.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use secrecy::ExposeSecret as _;

    use super::*;

    const COMMON: [(&str, &str); 2] = [("HTTPS_PROXY", "http://s:1"), ("http_proxy", "http://h:1")];

    #[rstest]
    #[case("https://vault.example.com", &[], Some("http://s:1"))]
    #[case("http://vault.example.com", &[], Some("http://h:1"))]
    #[case("https://127.0.0.1:8200", &[], None)]
    #[case("http://localhost:8200", &[], None)]
    #[case("https://[::1]:8200", &[], None)]
    #[case("https://vault.example.com", &[("NO_PROXY", "other.com,.example.com")], None)]
    #[case("https://vault.example.com", &[("no_proxy", "example.com")], None)]
    #[case("https://vault.example.com", &[("NO_PROXY", "ample.com")], Some("http://s:1"))]
    #[case("https://10.1.2.3", &[("NO_PROXY", "10.0.0.0/8")], None)]
    #[case("https://11.1.2.3", &[("NO_PROXY", "10.0.0.0/8")], Some("http://s:1"))]
    #[case("https://vault.example.com", &[("NO_PROXY", "*")], None)]
    #[case("https://vault.example.com", &[("VAULT_PROXY_ADDR", "http://own:1"), ("NO_PROXY", "*")], Some("http://own:1"))]
    #[case("https://127.0.0.1:8200", &[("BAO_HTTP_PROXY", "http://old:1")], Some("http://old:1"))]
    fn which_proxy(#[case] address: &str, #[case] more: &[(&str, &str)], #[case] expected: Option<&str>) {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let environment = Environment::new(COMMON.iter().chain(more).map(owned), None);
        let proxy = of_vault(&environment, &Url::parse(address).unwrap()).unwrap();
        assert_eq!(proxy.as_ref().map(|proxy| proxy.expose_secret()), expected);
    }
}
