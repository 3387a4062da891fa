//! The step: what is read, what is decided, which requests lead there.

use serde_json::Value;
use trustpath_core::{
    Answers, At, Context, Decision, Handle, Intent, Leg, Managed, Proof, Reads, Request, Result, Seen,
};
use trustpath_platform::{
    Cluster, ServiceAccountRef,
    kubernetes::{
        RunningPods,
        owned::{Owned, OwnedParts as _, OwnedRequest, adopting, other_managers},
    },
};

use crate::{
    config::{ACCOUNT, NAMESPACE, ServiceAccount, State},
    decide::{AccountUsers, ForeignFields, Namespace},
    removal::NamespaceRemoval,
    users::{CONTENTS, NamespaceContents, PODS, SECRETS, TokenSecrets},
};

impl Namespace {
    /// From the object.
    pub(crate) fn of(live: &Value) -> Self {
        match live["metadata"].get("deletionTimestamp") {
            Some(_) => Self::Terminating,
            None => Self::Active,
        }
    }
}

impl ServiceAccount {
    /// How the namespace is. Where it was not read, it is as the graph file takes it to be.
    fn namespace_found(&self, answers: &Answers) -> Result<Namespace> {
        if answers.answer(NAMESPACE).is_none() && !self.create_namespace {
            return Ok(Namespace::Active);
        }
        Ok(answers.get::<Value>(NAMESPACE)?.map_or(Namespace::Missing, |live| Namespace::of(&live)))
    }

    fn others(answers: &Answers) -> Result<ForeignFields> {
        let on = |name| Ok::<_, trustpath_core::Failure>(answers.get::<Value>(name)?.map(|live| other_managers(&live)));
        Ok(ForeignFields { namespace: on(NAMESPACE)?.unwrap_or_default(), account: on(ACCOUNT)?.unwrap_or_default() })
    }

    /// Whether a step that this one needs has its ServiceAccount in the same namespace: that is the other's then.
    fn shares_namespace(&self, cx: &Context) -> bool {
        cx.facts().all::<ServiceAccountRef>().any(|other| other.namespace == self.namespace.as_str())
    }

    pub(crate) fn legs(&self, from: Option<&State>, to: Option<&State>) -> Vec<Leg<State>> {
        let has_namespace = |state: Option<&State>| state.is_some_and(|state| state.namespace.is_some());
        // In a namespace that is not there yet the account cannot be tried.
        let comes_first = !has_namespace(from) && has_namespace(to);
        self.objects().route(from, to, |object, request: OwnedRequest| -> Box<dyn Request> {
            match object {
                0 if request.to().is_none() => {
                    Box::new(NamespaceRemoval { namespace: self.namespace.to_string(), delete: request })
                }
                1 if comes_first => Box::new(request.untried()),
                _ => Box::new(request),
            }
        })
    }
}

impl Managed for ServiceAccount {
    const SYSTEMS: &'static [&'static str] = &[Cluster::NAME];
    type State = State;
    type Takes = ();
    type Gives = ServiceAccountRef;

    fn gives(&self, (): &()) -> ServiceAccountRef {
        self.address()
    }

    fn reads(&self, _: At<'_, ()>, intent: Intent, seen: Option<&Seen<State>>) -> Reads {
        let reads = self.objects().reads();
        if intent != Intent::Remove {
            return reads;
        }
        let namespace = self.namespace.as_str();
        let reads = reads.and(PODS, RunningPods::within(namespace)).and(SECRETS, TokenSecrets(self.address()));
        let is_ours = seen.and_then(|seen| seen.state.as_ref()).is_some_and(|state| state.namespace.is_some());
        if is_ours { reads.and(CONTENTS, NamespaceContents(namespace.to_owned())) } else { reads }
    }

    /// The namespace is part of it only where this graph made it, and no step that this one needs has it.
    fn state(&self, at: At<'_, ()>, answers: &Answers) -> Result<Option<State>> {
        let [namespace, account] = self.objects().seen(answers)?;
        let is_own = |namespace: &Owned| namespace.is_marked(at.cx.graph()) && !self.shares_namespace(at.cx);
        Ok(State::join([namespace.filter(is_own), account]))
    }

    fn decide(&self, at: At<'_, ()>, intent: Intent, seen: &Seen<State>) -> Result<Decision<State>> {
        let (graph, answers) = (at.cx.graph(), &seen.answers);
        match &seen.state {
            Some(now) if intent == Intent::Remove => {
                let users = AccountUsers::of(&self.address(), answers)?;
                let users = AccountUsers { is_anothers: self.shares_namespace(at.cx), ..users };
                Ok(self.release(graph, &users, &Self::others(answers)?, now))
            }
            now => Ok(adopting(at.cx, self.make(graph, self.namespace_found(answers)?, now.as_ref())?)),
        }
    }

    fn route(&self, _: At<'_, ()>, from: Option<&State>, to: Option<&State>) -> Result<Vec<Leg<State>>> {
        Ok(self.legs(from, to))
    }

    fn proof(&self, at: At<'_, ()>, seen: &Seen<State>) -> Result<Proof> {
        Ok(self.prove(at.cx.step(), seen.state.as_ref()))
    }
}
