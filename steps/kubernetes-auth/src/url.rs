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
