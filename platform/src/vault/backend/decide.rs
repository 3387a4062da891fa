//! What a backend's mount and documents should be, whose they are, and what a removal leaves. Pure.

use trustpath_core::{Answers, At, Class, Context, Decision, Note, Problem, Result, Reversibility, graph::word};

use super::{
    AuthMethod, Backend, MountState, OwnedMount,
    step::{CLUSTER, Taken, others_in},
};
use crate::{
    Login,
    kubernetes::uid_not_stated,
    mark::{Mark, Owner},
    text::{clean, few, listed},
};

impl<M: AuthMethod> Backend<M> {
    pub(super) fn making(
        &self,
        at: At<'_, Taken<M>>,
        now: Option<&OwnedMount>,
        answers: &Answers,
    ) -> Result<Decision<OwnedMount>> {
        let (mount, _) = self.mount(at.facts);
        self.check_type(&mount.path, now)?;
        let owner = self.owner(at, now, answers)?;
        if owner.is_elsewhere() && !at.cx.consent().adopt {
            return Err(of_another(&mount.path, &owner, at.cx.step()).into());
        }
        let mut wanted = self.wanted(at, now);
        // What is equal, and marked as it should be, stays as it is.
        if now != Some(&wanted) || matches!(owner, Owner::Unnamed | Owner::OtherCluster(_)) {
            let cluster: Option<String> = answers.get(CLUSTER)?;
            let marked_with = wanted.mount.as_ref().and_then(|mount| mount.mark.as_ref()?.cluster.clone());
            let cluster = cluster.or(marked_with.filter(|_| owner == Owner::Ours));
            if wanted.mount.is_some() && answers.refused(CLUSTER).is_some() && cluster.is_none() {
                return Err(uid_not_stated(&format!("the mount `{}`", clean(&mount.path))).into());
            }
            wanted.mount = wanted.mount.map(|mount| marked(mount, at.cx.graph(), cluster.as_deref()));
        }
        Ok(Decision::to(Some(wanted), owner.is_here()))
    }

    /// What the graph file says, and all else as it is; the mark too.
    pub(super) fn wanted(&self, at: At<'_, Taken<M>>, now: Option<&OwnedMount>) -> OwnedMount {
        let (_, is_own) = self.mount(at.facts);
        let there = now.and_then(|now| now.mount.clone());
        let each = self.documents(at.facts).into_iter().map(|document| {
            let held = now.and_then(|now| now.documents.get(document.name));
            (document.name.to_owned(), document.desired(held))
        });
        let mount = is_own.then(|| there.unwrap_or_else(|| MountState::new(M::TYPE)));
        OwnedMount { mount, documents: each.collect() }
    }

    pub(super) fn removal(
        &self,
        at: At<'_, Taken<M>>,
        now: &OwnedMount,
        answers: &Answers,
    ) -> Result<Decision<OwnedMount>> {
        let owner = self.owner(at, Some(now), answers)?;
        let ours = owner != Owner::Other;
        let (mount, _) = self.mount(at.facts);
        if let Some(kept) = owner.keeps(&mount.path, now) {
            return Ok(kept);
        }
        let undo = self.lost(at, answers)?;
        let (goes_with, going) = roles_that_go(at.cx, &mount.path);
        let others = self.others(at, answers, &going)?;
        if others.is_empty() || now.mount.is_none() {
            return Ok(Decision { reversibility: undo, goes_with, ..Decision::to(None, ours) });
        }
        // Others have roles on the mount: it stays, with what goes with it alone, and needs nothing of the graph then.
        let left = Note::Left(format!("the mount has {}", listed(&few(others))));
        let kept = Decision::to(Some(self.without_documents(at, now)), ours).noting([left]);
        Ok(Decision { reversibility: undo, retains: false, ..kept })
    }

    fn without_documents(&self, at: At<'_, Taken<M>>, now: &OwnedMount) -> OwnedMount {
        let mut kept = now.clone();
        for document in self.documents(at.facts).iter().filter(|document| !document.goes_with_mount()) {
            kept.documents.remove(document.name);
        }
        kept
    }

    /// What others have on the mount, or why it cannot be seen. The roles that go before it are no one else's.
    fn others(&self, at: At<'_, Taken<M>>, answers: &Answers, going: &[String]) -> Result<Vec<String>> {
        let mut others = Vec::new();
        for collection in M::COLLECTIONS {
            let own = self.own_names(at.facts, collection);
            let read = others_in(collection);
            let names = answers.get::<Vec<String>>(&read)?.unwrap_or_default().into_iter();
            let names = names.filter(|name| !own.contains(name) && !going.contains(name));
            others.extend(names.map(|name| format!("`{collection}/{}`", clean(&name))));
            others.extend(answers.refused(&read).map(|why| format!("what may not be listed ({why})")));
        }
        Ok(others)
    }

    /// What goes for good with the documents that go. What may not be listed may be there.
    fn lost(&self, at: At<'_, Taken<M>>, answers: &Answers) -> Result<Reversibility> {
        let mut lost = Vec::new();
        for (what, name) in self.documents(at.facts).iter().flat_map(|document| &document.dies_with_it) {
            let is_there = answers.get::<Vec<String>>(name)?.is_some_and(|names| !names.is_empty());
            lost.extend(is_there.then(|| (*what).to_owned()));
            lost.extend(answers.refused(name).map(|why| format!("{what} that may not be listed ({why})")));
        }
        Ok(if lost.is_empty() {
            Reversibility::Full
        } else {
            Reversibility::Lossy(format!("{} would be lost", listed(&lost)))
        })
    }

    pub(super) fn owner(&self, at: At<'_, Taken<M>>, now: Option<&OwnedMount>, answers: &Answers) -> Result<Owner> {
        let (mount, is_own) = self.mount(at.facts);
        let mark = if is_own { now.and_then(|now| now.mount.as_ref()?.mark.clone()) } else { mount.mark(answers)? };
        let cluster: Option<String> = answers.get(CLUSTER)?;
        Ok(match M::SERVES_ONE_CLUSTER {
            true => Owner::of(mark.as_ref(), at.cx.graph(), cluster.as_deref()),
            false => Owner::of_graph(mark.as_ref(), at.cx.graph()),
        })
    }

    pub(super) fn check_type(&self, path: &str, now: Option<&OwnedMount>) -> Result<(), Problem> {
        match now.and_then(|now| now.mount.as_ref()) {
            Some(there) if there.kind != M::TYPE => Err(another_type(path, &there.kind, M::TYPE)),
            _ => Ok(()),
        }
    }
}

/// The roles on a mount that steps which need this one make, and these steps: both go before it.
pub fn roles_that_go(cx: &Context, mount: &str) -> (Vec<String>, Vec<String>) {
    let roles = cx.dependent_facts().with_givers::<Login>().filter(|(_, login)| login.mount.path == mount);
    roles.map(|(step, login)| (step.to_owned(), login.role.clone())).unzip()
}

/// With the mark of this graph; what a mark of its own remembers stays.
fn marked(mount: MountState, graph: &str, cluster: Option<&str>) -> MountState {
    let notes = mount.mark.filter(|mark| mark.graph == graph).map(|mark| mark.notes).unwrap_or_default();
    let mark = Mark { notes, ..Mark::new(graph).of(cluster) };
    MountState { mark: Some(mark), ..mount }
}

fn another_type(mount: &str, there: &str, wanted: &str) -> Problem {
    let message = format!("at `auth/{}` is a mount of the type `{}`, and not `{wanted}`", clean(mount), clean(there));
    Problem::new(Class::Conflict, "trustpath::vault::another_type", message).help("choose another mount")
}

fn of_another(mount: &str, owner: &Owner, step: &str) -> Problem {
    let message = owner.keep_because(mount).unwrap_or_default();
    Problem::new(Class::Conflict, "trustpath::vault::another_cluster", message).help(format!(
        "give this cluster a mount of its own; if that cluster is gone, and this one was built in its place: --adopt {}",
        word(step),
    ))
}
