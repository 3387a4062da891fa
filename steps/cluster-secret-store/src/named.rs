//! What a store names and others make: that it is not there is worth a warning, as it may come later. Pure.

use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use trustpath_core::{Answer, Answers, At, Facts, Note, Reads, Result};
use trustpath_platform::{
    Remark, ReviewerSecret, ServiceAccountRef, Vault,
    kubernetes::{DataKeys, ObjectRef},
    text::clean,
    vault::{Mount, SecretMount},
};

use crate::{
    body::Taken,
    ca::{CaProvider, CaProviderKind},
    config::{ClusterSecretStore, KvVersion},
    server::SERVER,
};

impl ClusterSecretStore {
    /// The keys of objects that it names, by the keys of the graph file that do so.
    fn named(&self) -> Vec<(&'static str, CaProvider)> {
        let mut named: Vec<_> = self.ca_provider.iter().map(|ca| ("ca_provider", ca.clone())).collect();
        if let Some(tls) = &self.tls {
            named.push(("tls.cert_secret_ref", tls.cert_secret_ref.or("tls.crt")));
            named.push(("tls.key_secret_ref", tls.key_secret_ref.or("tls.key")));
        }
        named
    }

    /// With the reads of all that it names. None asks for a right: a plan does without.
    pub(crate) fn reading_named(&self, at: At<'_, Taken>, mut reads: Reads) -> Reads {
        for (by, named) in self.named().into_iter().filter(|(_, named)| !named.is_made(at.cx.facts())) {
            reads = reads.and(by, Remark(DataKeys(named.object())));
        }
        if let Some(path) = self.path.as_ref().filter(|_| at.cx.looks_at::<Vault>()) {
            let namespace = self.namespace(at.facts).map(str::to_owned);
            reads = reads.and("path", Remark(SecretMount { namespace, path: path.as_str().to_owned() }));
        }
        match self.lookup(at.facts) {
            Some(lookup) => reads.and(SERVER, Remark(lookup)),
            None => reads,
        }
    }

    /// What of it is not there, or was not seen.
    pub(crate) fn missing(&self, taken: &Taken, answers: &Answers) -> Result<Vec<Note>> {
        let unseen = |read: &str, what: String| {
            answers.refused(read).map(|why| Note::Info(format!("whether {what} was not seen: {why}")))
        };
        let mut notes = Vec::new();
        let url = self.server(taken).map(clean).unwrap_or_default();
        let why: Option<String> = answers.get(SERVER)?;
        notes.extend(why.map(|why| Note::Warning(format!("the operator finds nothing at `{url}`: {why}"))));
        notes.extend(unseen(SERVER, format!("anything is at `{url}`")));
        for (by, named) in self.named() {
            let lacks = answers.answer(by).and_then(|answer| named.lacking(answer));
            let why = "the operator needs it to reach Vault";
            notes.extend(lacks.map(|lacks| Note::Warning(format!("{lacks}, which `{by}` names: {why}"))));
            notes.extend(unseen(by, format!("{named} of `{by}` is there")));
        }
        if let Some(path) = &self.path {
            let lacks = match answers.answer("path") {
                Some(Answer::Nothing) => Some(format!("there is no secrets engine at `{path}`, which `path` names")),
                _ => answers.get("path")?.and_then(|mount| self.unlike(path.as_str(), mount)),
            };
            notes.extend(lacks.map(Note::Warning));
            notes.extend(unseen("path", format!("`{path}` is a KV mount")));
        }
        Ok(notes)
    }

    /// How a secrets engine is not as the store says. Of KV v1 the API's path is that of the secret.
    fn unlike(&self, path: &str, (at, mount): (String, Mount)) -> Option<String> {
        let (at, kind, is_v2) = (clean(&at), clean(&mount.kind), mount.is_kv_v2());
        let version = if is_v2 { "v2" } else { "v1" };
        if !matches!(kind.as_str(), "kv" | "generic") {
            return Some(format!("`{at}` is a mount of the type `{kind}`, and no KV secrets engine"));
        }
        if is_v2 != (self.version == KvVersion::V2) {
            let other = "and the operator would read it as the other";
            return Some(format!("`{at}` is KV {version}, {other}: version = \"{version}\""));
        }
        let before = path.strip_prefix(at.as_str()).map(|rest| rest.trim_matches('/')).filter(|rest| !rest.is_empty());
        let before = before.filter(|_| is_v2)?;
        Some(format!("`{path}` is no mount: path = \"{at}\", and `{before}/` before every remote key"))
    }
}

impl CaProvider {
    fn object(&self) -> ObjectRef {
        match self.kind {
            CaProviderKind::Secret => ObjectRef::namespaced::<Secret>(self.namespace.as_str(), self.name.as_str()),
            CaProviderKind::ConfigMap => {
                ObjectRef::namespaced::<ConfigMap>(self.namespace.as_str(), self.name.as_str())
            }
        }
    }

    /// Whether a step that this one needs makes it, or the cluster does in the namespace of one.
    fn is_made(&self, facts: &Facts) -> bool {
        let (namespace, name) = (self.namespace.as_str(), self.name.as_str());
        match self.kind {
            CaProviderKind::Secret => {
                facts.all().any(|made: &ReviewerSecret| made.namespace == namespace && made.name == name)
            }
            CaProviderKind::ConfigMap => {
                name == "kube-root-ca.crt"
                    && facts.all().any(|account: &ServiceAccountRef| account.namespace == namespace)
            }
        }
    }

    fn lacking(&self, found: &Answer) -> Option<String> {
        match found {
            Answer::Found(keys) => {
                let has = keys.as_array().is_some_and(|keys| keys.iter().any(|key| *key == self.key));
                (!has).then(|| format!("{self} has no key `{}`", clean(&self.key)))
            }
            Answer::Nothing => Some(format!("{self} is not there")),
            Answer::Refused(_) | Answer::Failed(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
