//! What was read, as it is decided with. Pure.

use serde::de::DeserializeOwned;
use trustpath_core::{Answer, Answers, At, Class, Problem, Result};
use trustpath_platform::{
    VaultServer,
    text::clean,
    text_source::{NamedFile, TextSource},
};

use crate::{
    Taken,
    config::{Ca, Host, KubernetesAuth, Reviewer as Choice, Source},
    reads::{Here, key_name},
    source::{JwtSeen, JwtSource},
    surroundings::{Found, Making, Place, Removing, Text},
};

impl KubernetesAuth {
    /// What is known before the mount is made or changed.
    pub(crate) fn making(&self, at: At<'_, Taken>, answers: &Answers) -> Result<Making> {
        let here: Here = read(answers, "here")?;
        Ok(Making {
            cluster: read(answers, "cluster")?,
            now: here.now,
            family: here.family,
            unencrypted: unencrypted(&at.facts.0, &here.vault),
            place: self.place(at.facts, answers)?,
            api_server: here.api_server,
            ca: answers.get("ca")?,
            pem_keys: self.keys(answers)?,
            reviewer: self.found(at.facts, answers)?,
        })
    }

    /// What is known before it is removed.
    pub(crate) fn removing(&self, answers: &Answers) -> Result<Removing> {
        let roles = match answers.refused("roles") {
            Some(why) => Err(why.to_owned()),
            None => Ok(read(answers, "roles")?),
        };
        Ok(Removing { cluster: read(answers, "cluster")?, roles })
    }

    /// Where the reviewer JWT comes from, if from somewhere.
    pub(crate) fn source(&self, (_, made): &Taken) -> Option<JwtSource> {
        match (&self.reviewer, made) {
            (Choice::File(file), _) => Some((&Source::File(file.clone())).into()),
            (Choice::Secret(name), _) => Some((&Source::Secret(name.clone())).into()),
            (Choice::Auto, Some(secret)) => Some(secret.into()),
            (Choice::Auto, None) | (Choice::Vault | Choice::Client | Choice::Keep, _) => None,
        }
    }

    fn found(&self, facts: &Taken, answers: &Answers) -> Result<Found> {
        let Some(source) = self.source(facts) else { return Ok(Found::Nowhere) };
        Ok(match answers.get::<JwtSeen>("reviewer")? {
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
        let is_auto = self.kubernetes_host == Host::Auto || self.ca == Ca::Auto;
        reviewer_open || (self.reviewer != Choice::Keep && is_auto)
    }

    fn place(&self, facts: &Taken, answers: &Answers) -> Result<Place> {
        if !self.asks_for_place(facts) {
            return Ok(Place::Unasked);
        }
        let Some(url) = &facts.0.url else {
            let nowhere = "`[connections.vault] server` does not say where the cluster reaches Vault";
            return Ok(Place::Outside(nowhere.to_owned()));
        };
        match self.service_asked_for(facts) {
            Some(_) => read(answers, "place"),
            None => Ok(Place::Outside(format!("{} is no Service of this cluster", clean(url)))),
        }
    }

    fn keys(&self, answers: &Answers) -> Result<Option<Vec<Text>>> {
        let Some(keys) = &self.pem_keys else { return Ok(None) };
        let text = |(index, key): (usize, &TextSource)| {
            let name = key_name(index);
            Ok(match key {
                TextSource::Text(text) => Text { origin: format!("`{name}`"), text: text.clone() },
                TextSource::File(NamedFile { file }) => {
                    Text { origin: format!("the file {}", file.display()), text: read(answers, &name)? }
                }
            })
        };
        keys.iter().enumerate().map(text).collect::<Result<_>>().map(Some)
    }
}

/// What every reading of this sort has.
fn read<T: DeserializeOwned>(answers: &Answers, name: &str) -> Result<T> {
    Ok(answers.get(name)?.ok_or_else(|| unread(name, answers.answer(name)))?)
}

fn unread(name: &str, answer: Option<&Answer>) -> Problem {
    let message = format!("`{name}` has to be known, and was not read: {answer:?}");
    Problem::new(Class::Internal, "trustpath::kubernetes_auth::unread", message)
        .help("this is a defect; please report it")
}

/// An address at which Vault is reached in the clear, by the cluster or from here.
fn unencrypted(server: &VaultServer, here: &str) -> Option<String> {
    let addresses = [server.url.as_deref(), Some(here)];
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
