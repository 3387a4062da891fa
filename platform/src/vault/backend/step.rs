//! An auth method as a step: what it reads, and what it hands on.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use trustpath_core::{
    Answers, At, Decision, Evidence, Handle as _, Intent, Kind, Leg, Managed, Proof, Reads, Result, Seen, graph::word,
};

use super::{AuthMethod, Content, Document, MountState, Mounted, OwnedMount, value::differing};
use crate::{
    AuthMount, Cluster, Login, Vault, VaultServer,
    kubernetes::ClusterUid,
    mark::Owner,
    text::{clean, listed},
    vault::Get,
};

/// The names of the reads.
pub(super) const MOUNT: &str = "auth mount";
pub(super) const CLUSTER: &str = "cluster";

/// An auth method as a step.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Backend<M>(pub(super) M);

/// The kind of an auth method.
pub const fn auth_method<M: AuthMethod>(name: &'static str, about: &'static str) -> Kind {
    Kind::managed::<Backend<M>>(name, about)
}

/// The facts that a method takes, and where Vault is.
pub(super) type Taken<M> = (VaultServer, <M as AuthMethod>::Takes);

impl<M: AuthMethod> Backend<M> {
    /// The mount, and whether it is the step's own.
    pub(super) fn mount(&self, (server, facts): &Taken<M>) -> (AuthMount, bool) {
        match self.0.mount(facts) {
            Mounted::Owned(path) => (AuthMount { path, namespace: server.namespace.clone() }, true),
            Mounted::Given(mount) => (mount, false),
        }
    }

    pub(super) fn documents(&self, (_, facts): &Taken<M>) -> Vec<Document> {
        self.0.documents(facts)
    }

    /// The names that the documents have in a collection.
    pub(super) fn own_names(&self, facts: &Taken<M>, collection: &str) -> Vec<String> {
        self.documents(facts).iter().filter_map(|document| document.name_in(collection).map(str::to_owned)).collect()
    }

    fn role(&self, facts: &Taken<M>) -> Option<String> {
        self.own_names(facts, M::COLLECTIONS.first()?).into_iter().next()
    }

    fn read_below(&self, facts: &Taken<M>, at: &AuthMount, intent: Intent, reads: Reads) -> Reads {
        let documents = self.documents(facts);
        let reads = documents.iter().fold(reads, |reads, document| document.read(at, reads));
        if intent != Intent::Remove {
            return reads;
        }
        documents.iter().fold(reads, |reads, document| document.read_before_removal(at, reads))
    }

    /// The mount itself is read first: what is below one of another type is not looked at.
    fn read_owned(&self, facts: &Taken<M>, at: &AuthMount, intent: Intent, seen: Option<&Seen<OwnedMount>>) -> Reads {
        let reads = Reads::none().and(MOUNT, Get::new(at.namespace.as_deref(), "sys/auth"));
        let state = seen.and_then(|seen| seen.state.as_ref()?.mount.as_ref());
        if state.is_none_or(|mount| mount.kind != M::TYPE) {
            return reads;
        }
        let reads = self.read_below(facts, at, intent, reads);
        if intent != Intent::Remove {
            return reads;
        }
        let collection = |reads: Reads, name: &&str| reads.and(others_in(name), at.list([*name]).or_refused());
        M::COLLECTIONS.iter().fold(reads, collection)
    }

    fn read_given(&self, facts: &Taken<M>, at: &AuthMount, intent: Intent) -> Reads {
        let reads = self.read_below(facts, at, intent, Reads::none());
        if intent == Intent::Undo { reads } else { at.read_mark(reads) }
    }

    /// What the mount's documents hold, of those that were read.
    fn held(&self, facts: &Taken<M>, answers: &Answers) -> Result<BTreeMap<String, Content>> {
        let mut all = BTreeMap::new();
        for document in self.documents(facts) {
            let Some(found) = answers.get::<Content>(document.name)? else { continue };
            let mut held = document.observed(found);
            for (key, name) in &document.kept_below {
                let below: Option<Content> = answers.get(name)?;
                held.extend(below.and_then(|mut below| Some(((*key).to_owned(), below.remove(*key)?))));
            }
            all.insert(document.name.to_owned(), held);
        }
        Ok(all)
    }
}

impl<M: AuthMethod> Managed for Backend<M> {
    const SYSTEMS: &'static [&'static str] =
        if M::SERVES_ONE_CLUSTER { &[Vault::NAME, Cluster::NAME] } else { &[Vault::NAME] };
    type State = OwnedMount;
    type Takes = Taken<M>;
    type Gives = (Option<AuthMount>, Option<Login>);

    fn gives(&self, facts: &Taken<M>) -> Self::Gives {
        let (mount, is_own) = self.mount(facts);
        let store = self.0.store_auth(&facts.1);
        let audience = self.0.audience().map(str::to_owned);
        let login = self.role(facts).map(|role| Login { audience, store, ..Login::new(mount.clone(), role) });
        (is_own.then_some(mount), login)
    }

    fn reads(&self, at: At<'_, Taken<M>>, intent: Intent, seen: Option<&Seen<OwnedMount>>) -> Reads {
        let (mount, is_own) = self.mount(at.facts);
        let reads = match is_own {
            true => self.read_owned(at.facts, &mount, intent, seen),
            false => self.read_given(at.facts, &mount, intent),
        };
        if M::SERVES_ONE_CLUSTER && intent != Intent::Undo { reads.and(CLUSTER, ClusterUid) } else { reads }
    }

    fn state(&self, at: At<'_, Taken<M>>, answers: &Answers) -> Result<Option<OwnedMount>> {
        let (mount, is_own) = self.mount(at.facts);
        let there = if is_own { MountState::answered(answers, MOUNT, &mount.path)? } else { None };
        let state = OwnedMount { mount: there, documents: self.held(at.facts, answers)? };
        Ok(Some(state).filter(OwnedMount::is_something))
    }

    fn decide(&self, at: At<'_, Taken<M>>, intent: Intent, seen: &Seen<OwnedMount>) -> Result<Decision<OwnedMount>> {
        match (intent, &seen.state) {
            (Intent::Remove, Some(now)) => self.removal(at, now, &seen.answers),
            (_, now) => self.making(at, now.as_ref(), &seen.answers),
        }
    }

    fn route(
        &self,
        at: At<'_, Taken<M>>,
        from: Option<&OwnedMount>,
        to: Option<&OwnedMount>,
    ) -> Result<Vec<Leg<OwnedMount>>> {
        Ok(self.transition(at.facts, from, to))
    }

    fn proof(&self, at: At<'_, Taken<M>>, seen: &Seen<OwnedMount>) -> Result<Proof> {
        const WHAT: &str = "auth method is as the graph file says";
        let Some(now) = &seen.state else { return Ok(Proof::default()) };
        let (mount, _) = self.mount(at.facts);
        let next = format!("trustpath plan {0}, then trustpath apply {0}", word(at.cx.step()));
        if let owner @ Owner::OtherCluster(_) = self.owner(at, Some(now), &seen.answers)? {
            let why = owner.keep_because(&mount.path).unwrap_or_default();
            return Ok(Proof::seen(Evidence::new().failed(WHAT, why, "choose another mount")));
        }
        self.check_type(&mount.path, Some(now))?;
        // A mark alone is no difference.
        let differing = differing(&now.unmarked(), &self.wanted(at, Some(now)).unmarked());
        let evidence = match differing.is_empty() {
            true => Evidence::new().passed(WHAT, format!("`auth/{}`", clean(&mount.path))),
            false => Evidence::new().failed(WHAT, format!("{} differ", listed(&differing)), next),
        };
        let login = self.0.proof(&at.facts.1).map(|login| login.on(mount, now.own_use(), at.cx.step()));
        Ok(login.into_iter().fold(Proof::seen(evidence), Proof::and))
    }
}

/// The name of the read of a collection.
pub(super) fn others_in(collection: &str) -> String {
    format!("{collection}/")
}
