//! What should be there, and what destroy leaves. Pure.

use trustpath_core::{Class, Decision, Note, Problem, Result, Reversibility};
use trustpath_platform::text::listed;

use crate::config::{ServiceAccount, State};

/// A namespace as it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Namespace {
    /// It is not there.
    Missing,
    /// It can be used.
    Active,
    /// It is being removed, and takes nothing new.
    Terminating,
}

/// Who needs a ServiceAccount, or lives in its namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AccountUsers {
    /// Why the ServiceAccount has to stay; no one needs it where this is empty.
    pub(crate) account: Vec<String>,
    /// Why the namespace has to stay, besides what bears the mark of this graph and goes too.
    pub(crate) namespace: Option<String>,
    /// The namespace is that of a step which this one needs, and goes with that.
    pub(crate) is_anothers: bool,
}

/// Who else set something on the objects; no undo brings that back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ForeignFields {
    /// On the namespace.
    pub(crate) namespace: Vec<String>,
    /// On the ServiceAccount.
    pub(crate) account: Vec<String>,
}

impl ServiceAccount {
    /// As the graph file says; the namespace only where this graph made it, or makes it.
    pub(crate) fn make(&self, graph: &str, found: Namespace, now: Option<&State>) -> Result<Decision<State>> {
        let make = now.is_some_and(|now| now.namespace.is_some()) | self.has_to_make_namespace(found)?;
        let [namespace, account] = self.objects().wanted(now, graph);
        let wanted = State { namespace: make.then_some(namespace), account: Some(account) };
        let ours = now.is_some_and(|now| is_ours(graph, now));
        Ok(Decision::to(Some(wanted), ours).noting(self.notes_on_namespace(make)))
    }

    /// A namespace that others made is theirs, whatever the file says.
    fn notes_on_namespace(&self, is_ours: bool) -> Vec<Note> {
        let note = || {
            let name = &self.namespace;
            Note::Info(format!(
                "the namespace `{name}` was not made by this graph: its labels and annotations are left alone"
            ))
        };
        (!is_ours && self.says_how_the_namespace_is()).then(note).into_iter().collect()
    }

    fn has_to_make_namespace(&self, found: Namespace) -> Result<bool> {
        let name = &self.namespace;
        match found {
            Namespace::Active => Ok(false),
            Namespace::Missing if self.create_namespace => Ok(true),
            Namespace::Missing => {
                let message = format!("the namespace `{name}` does not exist, and `create_namespace` is false");
                Err(Problem::new(Class::Missing, "trustpath::service_account::namespace_missing", message)
                    .help(format!("kubectl create namespace {name}, or leave `create_namespace` out"))
                    .into())
            }
            Namespace::Terminating => {
                let message = format!("the namespace `{name}` is being removed, and takes nothing new");
                Err(Problem::new(Class::Missing, "trustpath::service_account::namespace_terminating", message)
                    .help(format!("wait until it is gone (kubectl get namespace {name}), then run this again"))
                    .into())
            }
        }
    }

    /// What is in use stays. A namespace that is left is not in use by this step.
    pub(crate) fn release(
        &self,
        graph: &str,
        users: &AccountUsers,
        others: &ForeignFields,
        now: &State,
    ) -> Decision<State> {
        let ours = is_ours(graph, now);
        let (to, notes) = self.left(users, now);
        let retains = !ours || to.as_ref().is_some_and(|left| left.account.is_some());
        let undo = reversibility(now, to.as_ref(), others);
        Decision { reversibility: undo, retains, ..Decision::to(to, ours).noting(notes.map(Note::Left)) }
    }

    fn left(&self, users: &AccountUsers, now: &State) -> (Option<State>, Option<String>) {
        if now.account.is_some() && !users.account.is_empty() {
            let why = format!("the ServiceAccount `{}` is in use: {}", self.address(), listed(&users.account));
            return (Some(now.clone()), Some(why));
        }
        if now.namespace.is_none() {
            if users.is_anothers {
                return (None, None);
            }
            return (None, Some(format!("the namespace `{}` was not made by this graph", self.namespace)));
        }
        let kept = || State { namespace: now.namespace.clone(), ..State::default() };
        (users.namespace.as_ref().map(|_| kept()), users.namespace.clone())
    }
}

pub(crate) fn is_ours(graph: &str, now: &State) -> bool {
    // Without an account, there is a state only because the namespace is ours.
    now.account.as_ref().is_none_or(|account| account.is_marked(graph))
}

/// What others set on an object that goes is lost: it would be made again with what is ours alone.
fn reversibility(from: &State, to: Option<&State>, others: &ForeignFields) -> Reversibility {
    let account_goes = from.account.is_some() && to.is_none_or(|to| to.account.is_none());
    let namespace_goes = from.namespace.is_some() && to.is_none_or(|to| to.namespace.is_none());
    let goes = [("ServiceAccount", account_goes, &others.account), ("namespace", namespace_goes, &others.namespace)];
    let lost = goes.into_iter().filter(|(_, goes, managers)| *goes && !managers.is_empty());
    let lost: Vec<_> = lost.map(|(what, _, managers)| format!("what {} set on the {what}", listed(managers))).collect();
    if lost.is_empty() { Reversibility::Full } else { Reversibility::Lossy(format!("{} would be lost", listed(&lost))) }
}

#[cfg(test)]
mod tests;
