//! What else was looked at before the mount is made or changed.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use trustpath_core::{Answer, Answers, At, Context, Read, Result, Right};
use trustpath_platform::{
    Cluster, Vault, VaultServer,
    digest::Digest,
    kubernetes::ApiServer,
    text::clean,
    text_source::{NamedFile, TextSource},
    vault::Family,
};

use crate::{
    Taken,
    config::{KubernetesAuth, Reviewer as Choice, Source},
    jwt::Claims,
    pem,
    place::Place,
    reads::{key_name, read},
    source::{JwtSeen, JwtSource},
};

/// What is looked at before the mount is made or changed.
#[derive(Debug)]
pub(crate) struct Making {
    /// This cluster, by the uid of its `kube-system`.
    pub(crate) cluster: String,
    pub(crate) here: Here,
    /// An address of Vault that is not encrypted, if there is one.
    pub(crate) unencrypted: Option<String>,
    /// Where Vault is.
    pub(crate) place: Place,
    /// The text of the CA file, where the configuration names one.
    pub(crate) ca: Option<String>,
    /// The public keys, where the configuration names some.
    pub(crate) pem_keys: Option<Vec<String>>,
    pub(crate) reviewer: Found,
    /// The JWT that is in the config today, where its source is given.
    pub(crate) previous: Option<Digest>,
    /// The roles of a mount that has no config: they are lost when it is made anew.
    pub(crate) roles: Vec<String>,
}

/// The reviewer JWT, as it was found at its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// The configuration names no source.
    Nowhere,
    /// This one, from `origin`.
    Jwt { digest: Digest, claims: Claims, origin: String },
    /// It will be there once the step that makes it is applied.
    NotYet,
}

impl KubernetesAuth {
    pub(crate) fn making(&self, at: At<'_, Taken>, answers: &Answers) -> Result<Making> {
        let here: Here = read(answers, "here")?;
        Ok(Making {
            cluster: read(answers, "cluster")?,
            unencrypted: unencrypted(&at.facts.0, &here.vault),
            here,
            place: answers.get("place")?.unwrap_or_default(),
            ca: answers.get("ca")?,
            pem_keys: self.keys(answers)?,
            reviewer: self.found(at.facts, answers)?,
            previous: answers.get::<JwtSeen>("previous")?.map(|jwt| jwt.digest),
            roles: answers.get("roles")?.unwrap_or_default(),
        })
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

    fn keys(&self, answers: &Answers) -> Result<Option<Vec<String>>> {
        let Some(keys) = &self.pem_keys else { return Ok(None) };
        let key = |(index, key): (usize, &TextSource)| {
            let name = key_name(index);
            let text: String = read(answers, &name)?;
            let origin = match key {
                TextSource::Text(_) => format!("`{name}`"),
                TextSource::File(NamedFile { file }) => format!("the file {}", file.display()),
            };
            Ok(pem::public_key(&text, &origin)?)
        };
        keys.iter().enumerate().map(key).collect::<Result<_>>().map(Some)
    }
}

/// An address at which Vault is reached in the clear, by the cluster or from here.
fn unencrypted(server: &VaultServer, here: &str) -> Option<String> {
    let addresses = [server.url.as_deref(), Some(here)];
    addresses.into_iter().flatten().find(|url| url.starts_with("http://")).map(clean)
}

/// The time, and what the connections know of themselves: no request is made for it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Here {
    pub(crate) now: Timestamp,
    pub(crate) family: Family,
    /// Vault's address.
    pub(crate) vault: String,
    /// As the kubeconfig knows it.
    pub(crate) api_server: ApiServer,
}

/// Reads [`Here`].
#[derive(Debug)]
pub(crate) struct Connected;

#[async_trait]
impl Read for Connected {
    fn rights(&self) -> Vec<Right> {
        Vec::new()
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let (vault, cluster) = (cx.handle::<Vault>().await?, cx.handle::<Cluster>().await?);
        let (family, api_server) = (vault.family(), cluster.api_server().clone());
        Ok(Answer::Found(json!(Here { now: Timestamp::now(), family, vault: vault.address().to_owned(), api_server })))
    }
}
