//! What should be there, and what destroy leaves. Pure.

use serde_json::Value;
use trustpath_core::{Class, Note, Problem, Released, Result, Undo, Wanted};
use trustpath_platform::{
    kubernetes::owned::{Owned, other_managers},
    text::{clean, listed},
};

use crate::{ClusterSecretStore, body::Taken, state::State};

/// What else was looked at.
#[derive(Debug, Clone, PartialEq)]
pub enum Surroundings {
    /// Before the store is made or changed: the authorities in PEM, where the configuration has any.
    Making(Option<String>),
    /// Before it is removed: whoever uses it.
    Removing(Vec<String>),
}

impl ClusterSecretStore {
    pub(crate) fn decide(
        &self,
        graph: &str,
        taken: &Taken,
        around: &Surroundings,
        now: Option<&State>,
    ) -> Result<Wanted<State>> {
        if let Some(now) = now.filter(|now| now.live["metadata"].get("deletionTimestamp").is_some()) {
            return Err(self.terminating(now).into());
        }
        let ca = match around {
            Surroundings::Making(ca) => ca.as_deref(),
            Surroundings::Removing(_) => None,
        };
        let body = self.body(taken, ca)?;
        let stays = now.map(|now| theirs(now, &Value::Object(body.clone()))).unwrap_or_default();
        let owned = Owned::wanting(now.map(|now| &now.owned), body, graph);
        let warn = |field: String| Note::Warning(format!("somebody else has set {field}, and it stays: see `verify`"));
        Ok(Wanted { state: owned.into(), provisional: false, notes: stays.into_iter().map(warn).collect() })
    }

    fn terminating(&self, now: &State) -> Problem {
        let waits = now.live["metadata"]["finalizers"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let waits: Vec<_> = waits.map(clean).collect();
        let message =
            format!("the ClusterSecretStore `{}` is being removed, and waits for {}", self.name, listed(&waits));
        Problem::new(Class::Missing, "trustpath::cluster_secret_store::terminating", message)
            .help("see whether the operator runs, which clears it; run this again when it is gone")
    }

    pub(crate) fn release(&self, around: &Surroundings, now: &State) -> Released<State> {
        match around {
            Surroundings::Removing(users) if !users.is_empty() => {
                let why = format!("the ClusterSecretStore `{}` is in use: {}", self.name, listed(users));
                Released::kept(now.clone(), why)
            }
            _ => Released::all(),
        }
    }
}

/// What others set on a store that goes is lost: it would be made again with what is ours alone.
pub(crate) fn undoable(from: Option<&State>, to: Option<&State>) -> Undo {
    let goes = from.filter(|_| to.is_none());
    let managers = goes.map(|from| other_managers(&from.live)).unwrap_or_default();
    if managers.is_empty() {
        return Undo::Yes;
    }
    Undo::No(format!("what {} set on the store would be lost", listed(&managers)))
}

/// What [`more_than`] finds, without what is ours and goes when it is no longer wanted.
fn theirs(now: &State, body: &Value) -> Vec<String> {
    let ours = |field: &String| Value::Object(now.owned.applied.clone()).pointer(&field.replace('.', "/")).is_some();
    more_than(body, &now.live).into_iter().filter(|field| !ours(field)).collect()
}

/// Fields that change how the operator reaches Vault or logs in, which `body` does not have: an apply leaves what
/// belongs to others.
///
/// The operator takes the first login that it finds, and the Kubernetes one is not the first that it looks for.
pub(crate) fn more_than(body: &Value, live: &Value) -> Vec<String> {
    const PLACES: [&str; 5] = [
        "/spec/provider",
        "/spec/provider/vault/auth",
        "/spec/provider/vault/auth/kubernetes",
        "/spec/provider/vault/auth/kubernetes/serviceAccountRef",
        "/spec/provider/vault",
    ];
    // What these do is to tune requests, or to add to a login that works.
    const HARMLESS: [&str; 4] = ["forwardInconsistent", "readYourWrites", "headers", "checkAndSet"];
    let more = |place: &str| {
        let there = live.pointer(place).and_then(Value::as_object).into_iter().flatten();
        let wanted = body.pointer(place);
        let unwanted = there.filter(move |(name, _)| wanted.is_none_or(|wanted| wanted.get(name.as_str()).is_none()));
        let names = unwanted.map(|(name, _)| name).filter(|name| !HARMLESS.contains(&name.as_str()));
        names.map(|name| format!("{}.{name}", place.replace('/', "."))).collect::<Vec<_>>()
    };
    PLACES.iter().flat_map(|place| more(place)).collect()
}

#[cfg(test)]
mod tests;
