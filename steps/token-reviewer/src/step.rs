//! The step: what is read, what is decided, which requests lead there.

use k8s_openapi::api::core::v1::Namespace;
use serde_json::Value;
use trustpath_core::{
    Answer, Answers, At, Class, Decision, Handle, Intent, Leg, Managed, Problem, Proof, Reads, Request, Result, Right,
    Seen,
};
use trustpath_platform::{
    Cluster, ReviewerSecret, ServiceAccountRef,
    kubernetes::{
        Live, ObjectRef,
        owned::{OwnedParts as _, OwnedRequest, adopting},
        rights::on,
    },
};

use crate::{
    config::{Names, ROLE, State, TokenReviewer, no_namespace},
    decide, prove, users,
};

/// The name of the namespace's read.
const NAMESPACE: &str = "namespace";

type Taken = Option<ServiceAccountRef>;

impl TokenReviewer {
    fn named(&self, at: At<'_, Taken>) -> Result<Names> {
        Ok(self.names(at.facts.as_ref()).ok_or_else(no_namespace)?)
    }
}

impl Names {
    pub(crate) fn legs(&self, from: Option<&State>, to: Option<&State>) -> Vec<Leg<State>> {
        self.objects().route(from, to, |object, request: OwnedRequest| -> Box<dyn Request> {
            Box::new(match object {
                // The binding shows whether rights may be given at all.
                2 => request.needing(to_bind()),
                // The others live in a namespace that may be made only later.
                _ => request.untried(),
            })
        })
    }
}

impl Managed for TokenReviewer {
    const SYSTEMS: &'static [&'static str] = &[Cluster::NAME];
    type State = State;
    type Takes = Taken;
    type Gives = Option<ReviewerSecret>;

    fn gives(&self, operator: &Taken) -> Option<ReviewerSecret> {
        let Names { account, secret, .. } = self.names(operator.as_ref())?;
        Some(ReviewerSecret { namespace: account.namespace.clone(), name: secret, service_account: account })
    }

    /// Without a namespace there is nothing to read: every verb says so by itself.
    fn reads(&self, at: At<'_, Taken>, intent: Intent, _: Option<&Seen<State>>) -> Reads {
        let Some(names) = self.names(at.facts.as_ref()) else { return Reads::none() };
        let (reads, namespace) = (names.objects().reads(), &names.account.namespace);
        // That of the step which this one needs is made by that step.
        let is_made = at.facts.as_ref().is_some_and(|operator| operator.namespace == *namespace);
        match intent {
            Intent::Make if !is_made => reads.and(NAMESPACE, Live(ObjectRef::cluster::<Namespace>(namespace))),
            Intent::Remove => users::reads(&names, reads),
            Intent::Make | Intent::Undo | Intent::Verify => reads,
        }
    }

    fn state(&self, at: At<'_, Taken>, answers: &Answers) -> Result<Option<State>> {
        Ok(State::join(self.named(at)?.objects().seen(answers)?))
    }

    fn decide(&self, at: At<'_, Taken>, intent: Intent, seen: &Seen<State>) -> Result<Decision<State>> {
        let (names, graph) = (self.named(at)?, at.cx.graph());
        match &seen.state {
            Some(now) if intent == Intent::Remove => {
                Ok(decide::retained_or_removed(&names, now, &users::of(&names, &seen.answers)?, graph))
            }
            now => {
                has_namespace(&names, &seen.answers)?;
                Ok(adopting(at.cx, decide::desired(&names, now.as_ref(), graph)?))
            }
        }
    }

    fn route(&self, at: At<'_, Taken>, from: Option<&State>, to: Option<&State>) -> Result<Vec<Leg<State>>> {
        Ok(self.named(at)?.legs(from, to))
    }

    fn proof(&self, at: At<'_, Taken>, seen: &Seen<State>) -> Result<Proof> {
        let names = self.names(at.facts.as_ref());
        Ok(names.map(|names| prove::prove(names, at.cx.step(), seen.state.as_ref())).unwrap_or_default())
    }
}

/// No one gives away more than he has, unless he may bind this very role (Kubernetes, privilege escalation prevention).
fn to_bind() -> Vec<Right> {
    on("rbac.authorization.k8s.io", "clusterroles").named(ROLE).may(&["bind"])
}

/// Whether the namespace, where it was read, is there and not about to go.
fn has_namespace(names: &Names, answers: &Answers) -> Result<()> {
    let is_there = match answers.answer(NAMESPACE) {
        None => true,
        Some(Answer::Found(live)) => live["metadata"].get("deletionTimestamp").is_none_or(Value::is_null),
        Some(_) => false,
    };
    if is_there { Ok(()) } else { Err(no_such_namespace(&names.account.namespace).into()) }
}

fn no_such_namespace(namespace: &str) -> Problem {
    let message = format!("the namespace `{namespace}` of the reviewer does not exist");
    Problem::new(Class::Missing, "trustpath::token_reviewer::namespace_missing", message)
        .help(format!("kubectl create namespace {namespace}, or leave `namespace` out and need the step that makes it"))
}
