//! What should be there, what destroy leaves, and the requests on the way. Pure.

use trustpath_core::{Class, Note, Problem, Released, Result, Undo, Wanted};
use trustpath_platform::{kubernetes::owned::Owned, text::listed};

use crate::{ServiceAccount, state::State};

/// What else was looked at.
#[derive(Debug, Clone, PartialEq)]
pub enum Surroundings {
    /// Before the ServiceAccount is made or changed: its namespace.
    Making(Namespace),
    /// Before it is removed: whoever still needs it.
    Removing(Users),
}

/// A namespace as it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Namespace {
    /// It is not there.
    Missing,
    /// It can be used.
    Active,
    /// It is being removed, and takes nothing new.
    Terminating,
}

/// Who needs a ServiceAccount, or lives in its namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Users {
    /// Why the ServiceAccount has to stay; nobody needs it where this is empty.
    pub account: Vec<String>,
    /// Why the namespace has to stay, besides what bears the mark of this graph and goes too.
    pub namespace: Option<String>,
}

impl ServiceAccount {
    pub(crate) fn decide(&self, graph: &str, around: &Surroundings, now: Option<&State>) -> Result<Wanted<State>> {
        let ours = now.and_then(|now| now.namespace.as_ref());
        let make = match around {
            Surroundings::Making(found) => ours.is_some() | self.has_to_make_namespace(*found)?,
            Surroundings::Removing(_) => ours.is_some(),
        };
        let namespace = make.then(|| Owned::wanting(ours, self.namespace_body(), graph));
        let notes = self.notes_on_namespace(make);
        let account = Owned::wanting(now.and_then(|now| now.account.as_ref()), self.body(), graph);
        Ok(Wanted { notes, ..State { namespace, account: Some(account), ..State::default() }.into() })
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

    pub(crate) fn is_ours(graph: &str, now: &State) -> bool {
        // Without an account, there is a state only because the namespace is ours.
        now.account.as_ref().is_none_or(|account| account.is_marked(graph))
    }

    pub(crate) fn release(&self, around: &Surroundings, now: &State) -> Released<State> {
        let Surroundings::Removing(users) = around else { return Released::all() };
        if now.account.is_some() && !users.account.is_empty() {
            let why = format!("the ServiceAccount `{}` is in use: {}", self.address(), listed(&users.account));
            return Released::kept(now.clone(), why);
        }
        if now.namespace.is_none() {
            let why = format!("the namespace `{}` was not made by this graph", self.namespace);
            return Released { state: None, notes: vec![Note::Left(why)] };
        }
        match &users.namespace {
            None => Released::all(),
            Some(why) => Released::kept(State { namespace: now.namespace.clone(), ..State::default() }, why),
        }
    }
}

/// What others set on an object that goes is lost: it would be made again with what is ours alone.
pub(crate) fn undoable(from: Option<&State>, to: Option<&State>) -> Undo {
    let Some(from) = from else { return Undo::Yes };
    let account_goes = from.account.is_some() && to.is_none_or(|to| to.account.is_none());
    let namespace_goes = from.namespace.is_some() && to.is_none_or(|to| to.namespace.is_none());
    let goes =
        [("ServiceAccount", account_goes, &from.beside.account), ("namespace", namespace_goes, &from.beside.namespace)];
    let lost = goes.into_iter().filter(|(_, goes, managers)| *goes && !managers.is_empty());
    let lost: Vec<_> = lost.map(|(what, _, managers)| format!("what {} set on the {what}", listed(managers))).collect();
    if lost.is_empty() { Undo::Yes } else { Undo::No(format!("{} would be lost", listed(&lost))) }
}

/// The states on the way, one request apart: a namespace comes first, and goes last.
pub(crate) fn waypoints(from: Option<&State>, to: Option<&State>) -> Vec<Option<State>> {
    let (from, to) = (from.cloned().unwrap_or_default(), to.cloned().unwrap_or_default());
    let mut way = vec![from.clone()];
    let mut at = from.clone();
    for namespace in each(from.namespace.as_ref(), to.namespace.as_ref()).into_iter().flatten() {
        at.namespace = Some(namespace);
        way.push(at.clone());
    }
    for account in each(from.account.as_ref(), to.account.as_ref()) {
        at.account = account;
        way.push(at.clone());
    }
    if at != to {
        way.push(to);
    }
    way.dedup();
    way.into_iter().skip(1).map(State::there).collect()
}

fn each(from: Option<&Owned>, to: Option<&Owned>) -> Vec<Option<Owned>> {
    match (from, to) {
        (Some(from), Some(to)) if from != to => from.waypoints(to).into_iter().map(Some).collect(),
        _ => vec![to.cloned()],
    }
}

#[cfg(test)]
mod tests;
