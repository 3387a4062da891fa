//! What else was looked at before the mount is made or changed.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;
use trustpath_core::{Answer, Answers, At, Class, Context, Problem, Read, Result, Right, Seen};
use trustpath_platform::{
    Cluster, Vault, VaultServer,
    kubernetes::{ApiServer, uid_not_stated},
    text::clean,
    text_source::{NamedFile, TextSource},
    vault::Family,
};

use crate::{
    Taken,
    api_service::ApiService,
    config::{JwtLocation, KubernetesAuth, ReviewerChoice as Choice},
    jwt::{JwtSeen, JwtSource},
    pem,
    place::VaultLocation,
    state::State,
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
    pub(crate) place: VaultLocation,
    /// Where pods find this cluster's API server.
    pub(crate) api_service: ApiService,
    /// The text of the CA file, where the configuration names one.
    pub(crate) ca: Option<String>,
    /// The public keys, where the configuration names some.
    pub(crate) pem_keys: Option<Vec<String>>,
    /// Where the reviewer JWT comes from, if from somewhere.
    pub(crate) source: Option<JwtSource>,
    /// What is known of it; nothing before the step that makes it is applied.
    pub(crate) jwt: Option<JwtSeen>,
    /// The JWT that is in the config today, where its source is given.
    pub(crate) previous: Option<JwtSeen>,
    /// The roles of a mount that has no config: they are lost when it is made anew.
    pub(crate) roles: Vec<String>,
}

impl KubernetesAuth {
    pub(crate) fn making(&self, at: At<'_, Taken>, seen: &Seen<State>) -> Result<Making> {
        let answers = &seen.answers;
        let here: Here = read(answers, "here")?;
        Ok(Making {
            cluster: self.served(at.cx.graph(), seen)?,
            unencrypted: unencrypted(&at.facts.0, &here.vault),
            here,
            place: answers.get("place")?.unwrap_or_default(),
            api_service: ApiService::answered(answers)?,
            ca: answers.get("ca")?,
            pem_keys: self.keys(answers)?,
            source: self.source(at.facts),
            jwt: answers.get("reviewer")?,
            previous: answers.get("previous")?,
            roles: answers.get("roles")?.unwrap_or_default(),
        })
    }

    /// The cluster; where it is not looked at, and the graph file does not name it, the one that the mark names.
    fn served(&self, graph: &str, Seen { state, answers }: &Seen<State>) -> Result<String> {
        if answers.refused("cluster").is_none() {
            return read(answers, "cluster");
        }
        let mark = state.as_ref().and_then(|state| state.mount.mark.as_ref()).filter(|mark| mark.graph == graph);
        let marked = mark.and_then(|mark| mark.cluster.clone());
        Ok(marked.ok_or_else(|| uid_not_stated(&format!("the mount `{}`", self.mount)))?)
    }

    /// Where the reviewer JWT comes from, if from somewhere.
    pub(crate) fn source(&self, (_, made): &Taken) -> Option<JwtSource> {
        match (&self.reviewer, made) {
            (Choice::File(file), _) => Some((&JwtLocation::File(file.clone())).into()),
            (Choice::Secret(name), _) => Some((&JwtLocation::Secret(name.clone())).into()),
            (Choice::Auto, Some(secret)) => Some(secret.into()),
            (Choice::Auto, None) | (Choice::Vault | Choice::Client | Choice::Keep, _) => None,
        }
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

impl Making {
    /// Whether the cluster is not looked at.
    pub(crate) fn is_unseen(&self) -> bool {
        self.here.api_server.is_none()
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
    /// As the kubeconfig knows it; nothing where the cluster is not looked at.
    pub(crate) api_server: Option<ApiServer>,
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
        let vault = cx.handle::<Vault>().await?;
        let api_server = match cx.looks_at::<Cluster>() {
            true => Some(cx.handle::<Cluster>().await?.api_server()),
            false => None,
        };
        let family = vault.family();
        Ok(Answer::Found(json!(Here { now: Timestamp::now(), family, vault: vault.address().to_owned(), api_server })))
    }
}

/// The name of the read of a key.
pub(crate) fn key_name(index: usize) -> String {
    format!("pem_keys[{index}]")
}

/// What every reading of this sort has.
pub(crate) fn read<T: DeserializeOwned>(answers: &Answers, name: &str) -> Result<T> {
    let unread = || {
        let message = format!("`{name}` has to be known, and was not read: {:?}", answers.answer(name));
        Problem::new(Class::Internal, "trustpath::kubernetes_auth::unread", message)
            .help("this is a defect; please report it")
    };
    Ok(answers.get(name)?.ok_or_else(unread)?)
}
