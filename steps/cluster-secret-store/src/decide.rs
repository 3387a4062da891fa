//! What should be there, and what destroy leaves. Pure.

use serde_json::Value;
use trustpath_core::{Class, Decision, Note, Problem, Result, Reversibility};
use trustpath_platform::{
    kubernetes::owned::{Fields, Owned, other_managers},
    text::{clean, listed},
};

use crate::config::{ClusterSecretStore, is_header};

/// A store as it is there: what is ours of it, and who owns the rest of what we want; and all of it, as it was read.
pub(crate) type There<'a> = (&'a Owned, &'a Value);

impl ClusterSecretStore {
    pub(crate) fn make(&self, graph: &str, body: Fields, now: Option<There<'_>>) -> Result<Decision<Owned>> {
        if let Some((_, live)) = now.filter(|(_, live)| live["metadata"].get("deletionTimestamp").is_some()) {
            return Err(self.terminating(live).into());
        }
        let stays = now.map(|now| theirs(now, &Value::Object(body.clone()))).unwrap_or_default();
        let [wanted] = self.objects(body).wanted(now.map(|(owned, _)| owned), graph);
        let warn = |field: String| Note::Warning(format!("another client has set {field}, and it stays: see `verify`"));
        let ours = now.is_some_and(|(owned, _)| owned.is_marked(graph));
        Ok(Decision::to(Some(wanted), ours).noting(stays.into_iter().map(warn)))
    }

    fn terminating(&self, live: &Value) -> Problem {
        let waits = live["metadata"]["finalizers"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let waits: Vec<_> = waits.map(clean).collect();
        let message =
            format!("the ClusterSecretStore `{}` is being removed, and waits for {}", self.name, listed(&waits));
        Problem::new(Class::Missing, "trustpath::cluster_secret_store::terminating", message)
            .help("see whether the operator runs, which clears it; run this again when it is gone")
    }

    /// A store that is in use stays.
    pub(crate) fn release(&self, graph: &str, users: &[String], (owned, live): There<'_>) -> Decision<Owned> {
        let ours = owned.is_marked(graph);
        if users.is_empty() {
            return Decision { reversibility: reversibility(live), ..Decision::to(None, ours) };
        }
        let why = format!("the ClusterSecretStore `{}` is in use: {}", self.name, listed(users));
        Decision::to(Some(owned.clone()), ours).noting([Note::Left(why)])
    }
}

/// A header that looks like a credential, which another client has set, is in no state: as if it were not there.
pub(crate) fn without_credentials(mut store: Owned) -> Owned {
    for fields in store.others.values_mut().chain([&mut store.applied]) {
        let headers = fields.get_mut("spec").and_then(|spec| spec.pointer_mut("/provider/vault/headers"));
        if let Some(Value::Object(headers)) = headers {
            headers.retain(|name, text| is_header(name, text));
        }
    }
    store
}

/// What others set on a store that goes is lost: it would be made again with what is ours alone.
fn reversibility(live: &Value) -> Reversibility {
    let managers = other_managers(live);
    if managers.is_empty() {
        return Reversibility::Full;
    }
    Reversibility::Lossy(format!("what {} set on the store would be lost", listed(&managers)))
}

/// What [`more_than`] finds, without what is ours and goes when it is no longer wanted.
fn theirs((owned, live): There<'_>, body: &Value) -> Vec<String> {
    let ours = |field: &String| Value::Object(owned.applied.clone()).pointer(&field.replace('.', "/")).is_some();
    more_than(body, live).into_iter().filter(|field| !ours(field)).collect()
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
