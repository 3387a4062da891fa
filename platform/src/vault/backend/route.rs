//! The requests from one state of a backend's mount to another. Pure.

use trustpath_core::{Leg, Request};

use super::{AuthMethod, Backend, Disable, Document, Enable, OwnedMount, step::Taken};
use crate::AuthMount;

/// The way so far.
struct Transition {
    now: Option<OwnedMount>,
    legs: Vec<Leg<OwnedMount>>,
}

impl Transition {
    fn to(&mut self, next: Option<OwnedMount>, request: Box<dyn Request>) {
        self.now.clone_from(&next);
        self.legs.push(Leg { to: next, request });
    }
}

impl<M: AuthMethod> Backend<M> {
    pub(super) fn transition(
        &self,
        facts: &Taken<M>,
        from: Option<&OwnedMount>,
        to: Option<&OwnedMount>,
    ) -> Vec<Leg<OwnedMount>> {
        let ((at, is_own), documents) = (self.mount(facts), self.documents(facts));
        let mut way = Transition { now: from.cloned(), legs: Vec::new() };
        if is_own && from.is_some() && (to.is_none() || loses_config(&documents, from, to)) {
            let collections = M::COLLECTIONS.iter();
            let collections = collections.map(|name| ((*name).to_owned(), self.own_names(facts, name))).collect();
            way.to(None, Box::new(Disable::new(at.clone(), collections)));
        }
        if let Some(to) = to {
            mount(&mut way, &at, to);
            write(&mut way, &at, &documents, to);
        }
        remove(&mut way, &at, &documents, to);
        way.legs
    }
}

/// Whether something goes that goes with the mount alone: that is then made anew.
fn loses_config(documents: &[Document], from: Option<&OwnedMount>, to: Option<&OwnedMount>) -> bool {
    let has = |state: Option<&OwnedMount>, name: &str| state.is_some_and(|state| state.documents.contains_key(name));
    let names = documents.iter().filter(|document| document.goes_with_mount()).map(|document| document.name);
    names.into_iter().any(|name| has(from, name) && !has(to, name))
}

fn mount(way: &mut Transition, at: &AuthMount, to: &OwnedMount) {
    let Some(wanted) = &to.mount else { return };
    let now = way.now.clone().unwrap_or_default();
    let next = Some(OwnedMount { mount: Some(wanted.clone()), ..now.clone() });
    match &now.mount {
        None => way.to(next, Box::new(Enable::new(at.clone(), wanted, &wanted.text(), Ok(())))),
        Some(there) if there != wanted => way.to(next, Box::new(at.tune(wanted.tuning(there, &wanted.text())))),
        Some(_) => {}
    }
}

fn write(way: &mut Transition, at: &AuthMount, documents: &[Document], to: &OwnedMount) {
    for document in documents {
        let now = way.now.clone().unwrap_or_default();
        let there = now.documents.get(document.name);
        if let Some(then) = to.documents.get(document.name).filter(|then| there != Some(then)) {
            let request = document.change(at, there, then);
            let mut next = now.clone();
            next.documents.insert(document.name.to_owned(), then.clone());
            way.to(Some(next), request);
        }
    }
}

/// In reverse order. On a mount of another step, the last of them leads to nothing at all.
fn remove(way: &mut Transition, at: &AuthMount, documents: &[Document], to: Option<&OwnedMount>) {
    for document in documents.iter().rev() {
        let Some(mut next) = way.now.clone() else { return };
        let stays = to.is_some_and(|to| to.documents.contains_key(document.name));
        if !stays && next.documents.remove(document.name).is_some() {
            way.to(Some(next).filter(OwnedMount::is_something), Box::new(document.removal(at)));
        }
    }
}
