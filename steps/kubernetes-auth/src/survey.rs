//! Reads what else has to be known.

use std::path::Path;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Pod, Service};
use trustpath_core::{At, Class, Context, Problem, Result};
use trustpath_platform::{Cluster, Vault, VaultServer, error::Kind, kubernetes::Address, text::clean};

use crate::{
    Taken,
    config::{Ca, Host, KubernetesAuth, PemKey, Reviewer as Choice},
    source::{self, JwtSource},
    surroundings::{Found, Making, Place, Removing, Text},
};

impl KubernetesAuth {
    pub(crate) async fn survey_making(&self, at: At<'_, Taken>) -> Result<Making> {
        let (server, _) = at.facts;
        let vault = at.cx.handle::<Vault>().await?;
        let (cluster, place, reviewer) = futures::try_join!(uid(at), self.place(at), self.find_reviewer(at))?;
        let outside = !matches!(place, Place::Inside);
        let asks_kubeconfig = outside && (self.kubernetes_host == Host::Auto || self.ca == Ca::Auto);
        let api_server = if asks_kubeconfig { Some(at.cx.handle::<Cluster>().await?.api_server()) } else { None };
        Ok(Making {
            cluster,
            now: Timestamp::now(),
            family: vault.family(),
            unencrypted: unencrypted(server, &vault),
            place,
            api_server,
            ca: self.read_ca().await?,
            pem_keys: self.read_keys().await?,
            reviewer,
        })
    }

    pub(crate) async fn survey_removing(&self, at: At<'_, Taken>) -> Result<Removing> {
        let (cluster, roles) = futures::try_join!(uid(at), self.roles(at))?;
        Ok(Removing { cluster, roles })
    }

    async fn roles(&self, at: At<'_, Taken>) -> Result<Result<Vec<String>, String>> {
        let vault = at.cx.handle::<Vault>().await?;
        match vault.list(&self.path("role")).await {
            Ok(roles) => Ok(Ok(roles)),
            Err(error) if error.kind() == Kind::Denied => Ok(Err(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }

    /// Where the reviewer JWT comes from, if from somewhere.
    pub(crate) fn source(&self, (_, made): &Taken) -> Option<JwtSource> {
        match (&self.reviewer, made) {
            (Choice::Given(source), _) => Some(source.into()),
            (Choice::Auto, Some(secret)) => Some(secret.into()),
            (Choice::Auto, None) | (Choice::Vault | Choice::Client, _) => None,
        }
    }

    async fn find_reviewer(&self, at: At<'_, Taken>) -> Result<Found> {
        let Some(source) = self.source(at.facts) else { return Ok(Found::Nowhere) };
        Ok(match source::read(at.cx, &source).await? {
            Some(jwt) => Found::Jwt { digest: jwt.digest, claims: jwt.claims, origin: source.to_string() },
            None => Found::NotYet,
        })
    }

    /// Namespace and name of the Service that is looked for, where something depends on it.
    pub(crate) fn service_asked_for(&self, facts: &Taken) -> Option<(String, String)> {
        let (VaultServer { url, .. }, _) = facts;
        if self.asks_for_place(facts) { service(url.as_deref()?) } else { None }
    }

    fn asks_for_place(&self, facts: &Taken) -> bool {
        let reviewer_open = self.reviewer == Choice::Auto && self.source(facts).is_none();
        self.kubernetes_host == Host::Auto || self.ca == Ca::Auto || reviewer_open
    }

    async fn place(&self, at: At<'_, Taken>) -> Result<Place> {
        if !self.asks_for_place(at.facts) {
            return Ok(Place::Unasked);
        }
        let (VaultServer { url, .. }, _) = at.facts;
        let Some(url) = url else {
            return Ok(Place::Outside(
                "`[connections.vault] server` does not say where the cluster reaches Vault".to_owned(),
            ));
        };
        match self.service_asked_for(at.facts) {
            Some((namespace, name)) => look_up(at.cx, &namespace, &name).await,
            None => Ok(Place::Outside(format!("{} is no Service of this cluster", clean(url)))),
        }
    }

    async fn read_ca(&self) -> Result<Option<String>> {
        match &self.ca {
            Ca::File(file) => Ok(Some(read_file(file).await?)),
            Ca::Auto | Ca::Pem(_) | Ca::None => Ok(None),
        }
    }

    async fn read_keys(&self) -> Result<Option<Vec<Text>>> {
        let Some(keys) = &self.pem_keys else { return Ok(None) };
        let mut texts = Vec::new();
        for (index, key) in keys.iter().enumerate() {
            texts.push(match key {
                PemKey::Pem(text) => Text { origin: format!("`pem_keys[{index}]`"), text: text.clone() },
                PemKey::File(file) => {
                    Text { origin: format!("the file {}", file.display()), text: read_file(file).await? }
                }
            });
        }
        Ok(Some(texts))
    }
}

async fn uid(at: At<'_, Taken>) -> Result<String> {
    Ok(at.cx.handle::<Cluster>().await?.uid().await?.to_owned())
}

async fn read_file(file: &Path) -> Result<String> {
    let text = tokio::fs::read_to_string(file).await.map_err(|error| {
        let message = format!("the file {} cannot be read", file.display());
        Problem::new(Class::Config, "trustpath::kubernetes_auth::file", message)
            .help("it has to be a text in PEM; its path is seen from where you start the program")
            .because(error)
    })?;
    Ok(text)
}

/// An address at which Vault is reached in the clear, by the cluster or from here.
fn unencrypted(server: &VaultServer, vault: &Vault) -> Option<String> {
    let addresses = [server.url.as_deref(), Some(vault.address())];
    addresses.into_iter().flatten().find(|url| url.starts_with("http://")).map(clean)
}

/// Namespace and name of the Service that a URL names: `http://vault.vault.svc:8200`, with or without the cluster's
/// domain.
fn service(url: &str) -> Option<(String, String)> {
    let url = url::Url::parse(url).ok()?;
    let url::Host::Domain(host) = url.host()? else { return None };
    let mut labels = host.trim_end_matches('.').split('.');
    let (name, namespace, svc) = (labels.next()?, labels.next()?, labels.next()?);
    (svc == "svc" && !name.is_empty() && !namespace.is_empty()).then(|| (namespace.to_owned(), name.to_owned()))
}

/// Whether a Service is there, and leads to pods of this cluster.
async fn look_up(cx: &Context, namespace: &str, name: &str) -> Result<Place> {
    let cluster = cx.handle::<Cluster>().await?;
    let Some(service) = cluster.get(&Address::<Service>::namespaced(namespace, name)).await? else {
        return Ok(Place::Outside(format!("this cluster has no Service {namespace}/{name}")));
    };
    let selector = service.spec.and_then(|spec| spec.selector).unwrap_or_default();
    if selector.is_empty() {
        return Ok(Place::Outside(format!("the Service {namespace}/{name} selects no pods of this cluster")));
    }
    let pods: Vec<Pod> = cluster.list(Some(namespace)).await?;
    let selected = pods.iter().any(|pod| {
        let labels = pod.metadata.labels.as_ref();
        selector.iter().all(|(key, value)| labels.is_some_and(|labels| labels.get(key) == Some(value)))
    });
    if selected {
        Ok(Place::Inside)
    } else {
        Ok(Place::Outside(format!("the Service {namespace}/{name} selects no pod that is there")))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://vault.vault.svc:8200", Some(("vault", "vault")))]
    #[case("https://active.secrets.svc.cluster.local", Some(("secrets", "active")))]
    #[case("https://vault.ns.svc.corp.example.:8200/", Some(("ns", "vault")))]
    #[case("https://vault.example.com", None)]
    #[case("https://vault.vault", None)]
    #[case("https://127.0.0.1:8200", None)]
    #[case("not a url", None)]
    fn services_are_told_by_their_names(#[case] url: &str, #[case] expected: Option<(&str, &str)>) {
        let expected = expected.map(|(namespace, name)| (namespace.to_owned(), name.to_owned()));
        assert_eq!(service(url), expected);
    }
}
