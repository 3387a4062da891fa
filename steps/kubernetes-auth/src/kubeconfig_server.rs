//! What Vault can use of the server that the kubeconfig names. Pure.

use trustpath_core::Note;
use trustpath_platform::{kubernetes::ApiServer, text::clean};
use url::Url;

use crate::url::is_loopback;

/// What a kubeconfig says of its server that no config of Vault's can say, each with what follows from it. The plugin
/// knows a URL and a CA (vault-plugin-auth-kubernetes v0.23.1, `tokenReviewAPI.Review`).
pub(crate) fn unusable(server: &ApiServer) -> impl Iterator<Item = Note> {
    let url = clean(&server.url);
    let here = is_loopback(&server.url)
        .then(|| format!("{url} is the API server's address on this machine: Vault reaches it only from here"));
    let name = server.server_name.as_deref().filter(|name| !is_host(&server.url, name)).map(|name| {
        let name = clean(name);
        format!(
            "the kubeconfig checks the certificate of {url} for another name (`tls-server-name: {name}`), and Vault \
             for the host alone: unless the certificate names the host too, every login fails"
        )
    });
    let path = has_path(&server.url).then(|| {
        format!(
            "{url} has a path, as API servers have none: something stands before it, and may know none of the \
             cluster's ServiceAccounts"
        )
    });
    let proxy = server.by_proxy.then(|| {
        format!(
            "{url} is reached through a proxy from here, of which Vault knows nothing: it has to reach it by itself"
        )
    });
    let next = "; set `kubernetes_host`, and `ca` with it, to what Vault reaches the API server by";
    [here, name, path, proxy].into_iter().flatten().map(move |why| Note::Warning(why + next))
}

fn is_host(url: &str, name: &str) -> bool {
    Url::parse(url).is_ok_and(|url| url.host_str().is_some_and(|host| host.eq_ignore_ascii_case(name)))
}

fn has_path(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| url.path() != "/")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://10.0.0.1:6443", None, false, &[])]
    #[case("https://api.example.com", Some("API.example.com"), false, &[])]
    #[case("https://127.0.0.1:35001", None, false, &["on this machine"])]
    #[case("https://0.0.0.0:6550", Some("k3d"), false, &["on this machine", "tls-server-name: k3d"])]
    #[case("https://rancher.example.com/k8s/clusters/c-m-1", None, false, &["has a path"])]
    #[case("https://teleport.example.com:443", Some("kube.teleport.cluster.local"), false, &["tls-server-name"])]
    #[case("https://10.0.0.1:443", None, true, &["through a proxy"])]
    fn what_vault_cannot_use_is_said(
        #[case] url: &str,
        #[case] name: Option<&str>,
        #[case] by_proxy: bool,
        #[case] expected: &[&str],
    ) {
        let server_name = name.map(str::to_owned);
        let server = ApiServer { url: url.to_owned(), ca_pem: None, server_name, by_proxy };
        let notes: Vec<_> = unusable(&server).map(|note| format!("{note:?}")).collect();
        assert_eq!(notes.len(), expected.len(), "{notes:?}");
        for (note, words) in notes.iter().zip(expected) {
            assert!(note.contains(words) && note.contains("set `kubernetes_host`"), "{note}");
        }
    }
}
