//! What of a cluster a host names, by the rules of its DNS. Pure.

use url::{Host, Url};

/// A Service, or a pod behind it, that a host may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceName {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The pod behind it that is meant, where one is.
    pub pod: Option<String>,
    /// Whether it can be nothing else: `vault.example` may be a Service, or a host of the Internet.
    pub is_certain: bool,
}

impl ServiceName {
    /// What a URL may name, in the order in which it is looked up: by the name of a Service (`http://vault.vault.svc:8200`,
    /// `http://vault.vault:8200`), or of a pod behind it (`http://vault-0.vault-internal.vault.svc:8200`), with or without
    /// the cluster's domain.
    ///
    /// Pods look for a name in their own namespace first: from there, `http://vault:8200` names a Service, and
    /// `http://vault-0.vault-internal:8200` a pod.
    pub fn all(url: &str, from: Option<&str>) -> Vec<Self> {
        let Ok(url) = Url::parse(url) else { return Vec::new() };
        let Some(Host::Domain(host)) = url.host() else { return Vec::new() };
        let labels: Vec<_> = host.trim_end_matches('.').split('.').collect();
        let (pod, name, namespace, rest) = match labels[..] {
            [name, namespace, "svc", ref rest @ ..] => (None, name, namespace, rest),
            [pod, name, namespace, "svc", ref rest @ ..] => (Some(pod), name, namespace, rest),
            _ if host.ends_with('.') => return Vec::new(),
            [name] => return from.into_iter().filter_map(|from| Self::new(None, name, from, true)).collect(),
            [first, second] => {
                let of_pod = from.and_then(|from| Self::new(Some(first), second, from, false));
                return of_pod.into_iter().chain(Self::new(None, first, second, false)).collect();
            }
            _ => return Vec::new(),
        };
        // Clusters that share their Services may have it elsewhere.
        Self::new(pod, name, namespace, !matches!(rest, ["clusterset", ..])).into_iter().collect()
    }

    fn new(pod: Option<&str>, name: &str, namespace: &str, is_certain: bool) -> Option<Self> {
        let is_said = !matches!(name, "" | "localhost") && !namespace.is_empty();
        let (pod, name, namespace) = (pod.map(str::to_owned), name.to_owned(), namespace.to_owned());
        is_said.then_some(Self { namespace, name, pod, is_certain })
    }

    /// Whether what a URL names depends on where it is looked up.
    pub fn is_relative(url: &str) -> bool {
        Self::all(url, None) != Self::all(url, Some("-"))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// `pod/name/namespace`, with `?` behind what may be something else.
    #[rstest]
    #[case("http://vault.vault.svc:8200", &["vault/vault"])]
    #[case("https://active.secrets.svc.cluster.local", &["active/secrets"])]
    #[case("https://vault.ns.svc.corp.example.:8200/", &["vault/ns"])]
    #[case("https://vault.ns.svc.clusterset.local", &["vault/ns?"])]
    #[case("http://vault-0.vault-internal.vault.svc:8200", &["vault-0/vault-internal/vault"])]
    #[case("http://vault-0.vault-internal.vault.svc.cluster.local:8200", &["vault-0/vault-internal/vault"])]
    #[case("https://vault.vault", &["vault/vault/eso?", "vault/vault?"])]
    #[case("http://VAULT-0.vault-internal:8200", &["vault-0/vault-internal/eso?", "vault-0/vault-internal?"])]
    #[case("https://vault", &["vault/eso"])]
    #[case("https://vault.", &[])]
    #[case("https://vault.example.", &[])]
    #[case("https://vault.example.com", &[])]
    #[case("https://a.b.c.d.svc", &[])]
    #[case("https://localhost:8200", &[])]
    #[case("https://.vault.svc", &[])]
    #[case("https://127.0.0.1:8200", &[])]
    #[case("https://[fd00::1]:8200", &[])]
    #[case("not a url", &[])]
    fn hosts_name_services_and_pods(#[case] url: &str, #[case] expected: &[&str]) {
        let shown = |found: &ServiceName| {
            let ServiceName { namespace, name, pod, is_certain } = found;
            let pod = pod.as_ref().map(|pod| format!("{pod}/")).unwrap_or_default();
            format!("{pod}{name}/{namespace}{}", if *is_certain { "" } else { "?" })
        };
        assert_eq!(ServiceName::all(url, Some("eso")).iter().map(shown).collect::<Vec<_>>(), expected);
        let here = |name: &&&str| !name.contains("eso");
        let from_anywhere: Vec<_> = expected.iter().filter(here).copied().collect();
        assert_eq!(ServiceName::all(url, None).iter().map(shown).collect::<Vec<_>>(), from_anywhere);
        assert_eq!(ServiceName::is_relative(url), from_anywhere.len() != expected.len());
    }
}
