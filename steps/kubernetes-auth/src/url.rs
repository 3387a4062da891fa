//! Whom a URL names.

use url::{Host, Url};

/// The name of its host, without the dot that a full name may end with; an address as it is.
fn host(url: &Url) -> Option<&str> {
    Some(url.host_str()?.trim_end_matches('.'))
}

/// Whether it is one of the names by which pods find the API server of their own cluster: those of the Service
/// `default/kubernetes`, with any domain of the cluster.
pub(crate) fn is_api_server_name(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let is_name = |name: &str| {
        matches!(name, "kubernetes" | "kubernetes.default" | "kubernetes.default.svc")
            || name.starts_with("kubernetes.default.svc.")
    };
    url.scheme() == "https" && url.port().is_none() && url.path() == "/" && host(&url).is_some_and(is_name)
}

/// Whether two URLs are the same address.
pub(crate) fn same_host(one: &str, other: &str) -> bool {
    let plain = |text: &str| {
        let url = Url::parse(text).ok()?;
        if is_api_server_name(text) {
            return Some((url.scheme().to_owned(), "kubernetes.default.svc".to_owned(), Some(443), String::new()));
        }
        let name = host(&url)?;
        let name = name.strip_suffix(".cluster.local").unwrap_or(name).to_owned();
        Some((url.scheme().to_owned(), name, url.port_or_known_default(), url.path().trim_end_matches('/').to_owned()))
    };
    one == other || plain(one).is_some_and(|one| Some(one) == plain(other))
}

pub(crate) fn is_loopback(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    url.host().is_some_and(|host| match host {
        Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback() || address.is_unspecified(),
        Host::Ipv6(address) => address.is_loopback() || address.is_unspecified(),
    })
}

/// Whether it is a name of a cluster's own.
pub(crate) fn is_inside(url: &str) -> bool {
    let ends = |name: &str| name.ends_with(".svc") || name.ends_with(".cluster.local");
    is_api_server_name(url) || Url::parse(url).is_ok_and(|url| host(&url).is_some_and(ends))
}

/// A Service that a URL names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServiceName {
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// Whether it can be nothing else: `vault.example` may be a Service, or a host of the Internet.
    pub(crate) is_certain: bool,
}

/// The Service that a URL names, with or without the cluster's domain: by its own name (`http://vault.vault.svc:8200`,
/// `http://vault.vault:8200`), or by that of a pod behind it (`http://vault-0.vault-internal.vault.svc:8200`).
pub(crate) fn service(url: &str) -> Option<ServiceName> {
    let url = Url::parse(url).ok().filter(|url| matches!(url.host(), Some(Host::Domain(_))))?;
    let (namespace, name, is_certain) = match host(&url)?.split('.').collect::<Vec<_>>()[..] {
        [name, namespace, "svc", ..] | [_, name, namespace, "svc", ..] => (namespace, name, true),
        [name, namespace] => (namespace, name, false),
        _ => return None,
    };
    let is_said = !name.is_empty() && !namespace.is_empty();
    is_said.then(|| ServiceName { namespace: namespace.to_owned(), name: name.to_owned(), is_certain })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://vault.vault.svc:8200", Some(("vault", "vault")))]
    #[case("https://active.secrets.svc.cluster.local", Some(("secrets", "active")))]
    #[case("https://vault.ns.svc.corp.example.:8200/", Some(("ns", "vault")))]
    #[case("http://vault-0.vault-internal.vault.svc:8200", Some(("vault", "vault-internal")))]
    #[case("http://vault-0.vault-internal.vault.svc.cluster.local:8200", Some(("vault", "vault-internal")))]
    #[case("https://vault.vault", Some(("vault", "vault")))]
    #[case("https://vault.example.com", None)]
    #[case("https://vault", None)]
    #[case("https://.vault.svc", None)]
    #[case("https://127.0.0.1:8200", None)]
    #[case("not a url", None)]
    fn services_are_told_by_their_names(#[case] url: &str, #[case] expected: Option<(&str, &str)>) {
        let found = service(url);
        let found = found.as_ref().map(|found| (found.namespace.as_str(), found.name.as_str()));
        assert_eq!(found, expected);
    }
}
