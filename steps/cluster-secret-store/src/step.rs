//! The step: what is read, what is decided, which requests lead there.

use serde_json::Value;
use trustpath_core::{
    Answers, At, Decision, Evidence, Handle, Intent, Leg, Managed, Note, Proof, Reads, Request, Result, Seen,
};
use trustpath_platform::{
    Cluster, OperatorLogin,
    kubernetes::{
        ObjectRef,
        owned::{Fields, Owned, OwnedObject, OwnedObjects, adopting},
    },
};

use crate::{
    body::Taken,
    config::ClusterSecretStore,
    decide::{There, without_credentials},
    prove::ReadyProbe,
    request::{STORE, StoreRequest},
    users::StoreUsers,
};

/// The names of the reads.
const LIVE: &str = "ClusterSecretStore";
const AUTHORITIES: &str = "authorities";
const USERS: &str = "users";

impl ClusterSecretStore {
    /// The one object. Where the operator is not installed there is none; what wants to make one says so.
    pub(crate) fn objects(&self, body: Fields) -> OwnedObjects<1> {
        OwnedObjects([OwnedObject { name: LIVE, at: ObjectRef::served(STORE, self.name.as_str()), body }])
    }

    /// The fields that the step wants. For the rights alone, where nothing was read, it is enough where they are.
    fn wanted_fields(&self, taken: &Taken, answers: &Answers) -> Result<Fields> {
        if answers.answer(LIVE).is_none() {
            return Ok(self.places(taken));
        }
        let ca: Option<String> = answers.get(AUTHORITIES)?;
        Ok(self.body(taken, ca.as_deref())?)
    }
}

impl Managed for ClusterSecretStore {
    const SYSTEMS: &'static [&'static str] = &[Cluster::NAME];
    type State = Owned;
    type Takes = Taken;
    type Gives = Option<OperatorLogin>;

    fn gives(&self, taken: &Taken) -> Option<OperatorLogin> {
        self.login(taken)
    }

    fn reads(&self, at: At<'_, Taken>, intent: Intent, seen: Option<&Seen<Owned>>) -> Reads {
        let reads = self.objects(self.places(at.facts)).reads();
        let reads = if intent == Intent::Make { self.reading_named(at, reads) } else { reads };
        let is_there = seen.is_some_and(|seen| seen.state.is_some());
        match (intent, &self.ca_bundle) {
            (Intent::Remove, _) => reads.and(USERS, StoreUsers(self.name.to_string())),
            (Intent::Verify, _) if !is_there => reads,
            (Intent::Make | Intent::Verify, Some(ca)) => reads.and(AUTHORITIES, ca.clone()),
            _ => reads,
        }
    }

    fn state(&self, at: At<'_, Taken>, answers: &Answers) -> Result<Option<Owned>> {
        let [store] = self.objects(self.places(at.facts)).seen(answers)?;
        Ok(store.map(without_credentials))
    }

    fn decide(&self, at: At<'_, Taken>, intent: Intent, seen: &Seen<Owned>) -> Result<Decision<Owned>> {
        let (graph, answers) = (at.cx.graph(), &seen.answers);
        let live = answers.get::<Value>(LIVE)?.unwrap_or_default();
        let now: Option<There<'_>> = seen.state.as_ref().map(|owned| (owned, &live));
        match now {
            Some(now) if intent == Intent::Remove => {
                Ok(self.release(graph, &answers.get::<Vec<String>>(USERS)?.unwrap_or_default(), now))
            }
            now => {
                let made = self.make(graph, self.wanted_fields(at.facts, answers)?, now)?;
                let made = made.noting(self.login_elsewhere(at.facts).map(Note::Warning));
                Ok(adopting(at.cx, made.noting(self.missing(at.facts, answers)?)))
            }
        }
    }

    fn route(&self, at: At<'_, Taken>, from: Option<&Owned>, to: Option<&Owned>) -> Result<Vec<Leg<Owned>>> {
        let request = |_, change| Box::new(StoreRequest { name: self.name.to_string(), change }) as Box<dyn Request>;
        Ok(self.objects(self.places(at.facts)).route(from, to, request))
    }

    fn proof(&self, at: At<'_, Taken>, seen: &Seen<Owned>) -> Result<Proof> {
        let live = seen.answers.get::<Value>(LIVE)?.unwrap_or_default();
        let evidence = match &seen.state {
            Some(owned) => {
                let body = self.wanted_fields(at.facts, &seen.answers)?;
                self.evidence(at.cx.step(), &body, owned, &live)
            }
            None => Evidence::new(),
        };
        Ok(Proof::seen(evidence).and(ReadyProbe { name: self.name.to_string(), live, timeout: self.ready_timeout }))
    }
}
