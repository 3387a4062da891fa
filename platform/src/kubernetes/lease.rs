//! The Lease that keeps runs against one cluster apart.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use k8s_openapi::{
    api::{
        coordination::v1::{Lease, LeaseSpec},
        core::v1::Namespace,
    },
    apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta},
};
use kube::core::params::Preconditions;
use serde::{Serialize, de::DeserializeOwned};
use trustpath_core::{Class, Problem, Result, Right};

use super::{Address, Cluster, call::KubernetesCall, rights::on};
use crate::{
    error::{Error, ErrorKind},
    lock::{Claim, FoundRecord, LockHolder, LockStore, RecordVersion, Removed, Unfinished},
    mark,
};

/// The name of the Lease: one a cluster, whatever the graph.
const NAME: &str = "trustpath";

/// Who holds it, as JSON.
const HOLDER: &str = "trustpath.dev/holder";
/// How long after it was sent a request of the holder may still be carried out.
const IN_FLIGHT: &str = "trustpath.dev/in-flight-seconds";
/// The run that has written something and has not ended, as JSON.
const UNFINISHED: &str = "trustpath.dev/unfinished-run";

/// The lock of a cluster.
pub struct LeaseRecord {
    cluster: Cluster,
    at: Address,
    /// Where a Lease of another client's making does not say it.
    in_flight_seconds: u64,
}

impl LeaseRecord {
    /// The lock that lies in a namespace. It has to be there, and no run may be able to take it away: one that bears
    /// the mark of a graph was made by a run.
    ///
    /// # Errors
    /// When it is not such a namespace, or cannot be read.
    pub async fn open(cluster: &Cluster, namespace: &str, in_flight_seconds: u64) -> Result<Self> {
        let found: Option<Namespace> = cluster.get(&Address::cluster::<Namespace>(namespace)).await?;
        lasting(namespace, found.as_ref())?;
        let at = Address::namespaced::<Lease>(namespace, NAME);
        Ok(Self { cluster: cluster.clone(), at, in_flight_seconds })
    }

    /// What holding the lock needs. `create` cannot be bound to a name by the API server's RBAC.
    pub fn rights(namespace: &str) -> Vec<Right> {
        let leases = on("coordination.k8s.io", "leases").within(namespace);
        let there = on("", "namespaces").named(namespace).may(&["get"]);
        [there, leases.may(&["create"]), leases.named(NAME).may(&["get", "update", "delete"])].concat()
    }

    /// A write of the Lease itself, which no lock stands in the way of; `last` is the state that it has to be in.
    async fn write(&self, last: Option<&RecordVersion>, claim: &Claim) -> Result<Option<RecordVersion>, Error> {
        let lease = lease(&self.at, last, claim, Timestamp::now());
        let call = KubernetesCall { locked: false, ..KubernetesCall::put(&self.at, &lease, last.is_some())? };
        match self.cluster.ask::<Lease>(&call).await {
            Ok(lease) => Ok(Some(version(&lease.metadata))),
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(None),
            // It is gone, and so not in that state.
            Err(error) if last.is_some() && error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl LockStore for LeaseRecord {
    fn is_removed_by_version(&self) -> bool {
        true
    }

    fn name(&self) -> String {
        format!("the {}", self.at)
    }

    async fn read(&self) -> Result<Option<FoundRecord>, Error> {
        let lease: Option<Lease> = self.cluster.get(&self.at).await?;
        Ok(lease.map(|lease| found(lease, self.in_flight_seconds)))
    }

    async fn create(&self, claim: &Claim) -> Result<Option<RecordVersion>, Error> {
        self.write(None, claim).await
    }

    async fn replace(&self, version: &RecordVersion, claim: &Claim) -> Result<Option<RecordVersion>, Error> {
        self.write(Some(version), claim).await
    }

    async fn remove(&self, version: &RecordVersion) -> Result<Removed, Error> {
        let (uid, revision) = (version.object.clone(), version.revision.clone());
        let call =
            KubernetesCall::delete(&self.at, Preconditions { uid: Some(uid), resource_version: Some(revision) })?;
        match self.cluster.call(&KubernetesCall { locked: false, ..call }).await {
            Ok(_) => Ok(Removed::Yes),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Conflict) => Ok(Removed::Refused),
            // The deletion is tied to this state: should it come late, it does nothing to another one.
            Err(error) => match self.replace(version, &Claim::vacant()).await? {
                Some(_) => Ok(Removed::Emptied(error)),
                None => Ok(Removed::Refused),
            },
        }
    }
}

fn version(meta: &ObjectMeta) -> RecordVersion {
    RecordVersion {
        object: meta.uid.clone().unwrap_or_default(),
        revision: meta.resource_version.clone().unwrap_or_default(),
    }
}

/// The Lease that says what a claim does. Pure.
fn lease(at: &Address, version: Option<&RecordVersion>, claim: &Claim, now: Timestamp) -> Lease {
    let mut annotations = BTreeMap::from([(IN_FLIGHT.to_owned(), claim.in_flight_seconds.to_string())]);
    annotations.extend(json(claim.holder.as_ref()).map(|text| (HOLDER.to_owned(), text)));
    annotations.extend(json(claim.unfinished.as_ref()).map(|text| (UNFINISHED.to_owned(), text)));
    let seconds = i32::try_from(claim.lease_seconds).unwrap_or(i32::MAX);
    let identity = |holder: &LockHolder| format!("{}@{}/{}", holder.user, holder.process.host, holder.process.pid);
    Lease {
        metadata: ObjectMeta {
            name: Some(at.name.clone()),
            namespace: at.namespace.clone(),
            uid: version.map(|version| version.object.clone()),
            resource_version: version.map(|version| version.revision.clone()),
            annotations: Some(annotations),
            ..ObjectMeta::default()
        },
        spec: Some(LeaseSpec {
            holder_identity: claim.holder.as_ref().map(identity),
            // None is none for the API server, which refuses a 0.
            lease_duration_seconds: (seconds > 0).then_some(seconds),
            // For people: what counts is that the Lease changes.
            renew_time: Some(MicroTime(now)),
            ..LeaseSpec::default()
        }),
    }
}

/// What a Lease says. Pure. One of another's making has a holder too, of whom only the name is known.
fn found(lease: Lease, in_flight_seconds: u64) -> FoundRecord {
    let version = version(&lease.metadata);
    let annotations = lease.metadata.annotations.unwrap_or_default();
    let spec = lease.spec.unwrap_or_default();
    let identity = spec.holder_identity.filter(|identity| !identity.is_empty());
    let unknown = |identity: String| {
        let mut holder = LockHolder::unknown(&identity);
        holder.process.host = identity;
        holder
    };
    let claim = Claim {
        holder: identity.map(|identity| parsed(&annotations, HOLDER).unwrap_or_else(|| unknown(identity))),
        lease_seconds: spec.lease_duration_seconds.and_then(|seconds| seconds.try_into().ok()).unwrap_or_default(),
        in_flight_seconds: parsed(&annotations, IN_FLIGHT).unwrap_or(in_flight_seconds),
        unfinished: parsed::<Unfinished>(&annotations, UNFINISHED),
    };
    FoundRecord { version, claim: claim.cleaned() }
}

/// These are plain texts and numbers, which JSON has room for.
fn json(value: Option<&impl Serialize>) -> Option<String> {
    serde_json::to_string(value?).ok()
}

fn parsed<T: DeserializeOwned>(annotations: &BTreeMap<String, String>, name: &str) -> Option<T> {
    serde_json::from_str(annotations.get(name)?).ok()
}

/// Whether a namespace is one in which the lock outlasts every run. Pure.
fn lasting(name: &str, found: Option<&Namespace>) -> Result<(), Problem> {
    let unfit = |why: &str| {
        let message = format!("the lock of a run cannot lie in the namespace `{name}`: {why}");
        Problem::new(Class::Config, "trustpath::lock::namespace", message).help(
            "name one with `lock_namespace` under [connections.kubernetes] that is there and that no run makes or removes",
        )
    };
    let Some(namespace) = found else { return Err(unfit("it is not there")) };
    if namespace.metadata.deletion_timestamp.is_some() {
        return Err(unfit("it is being removed"));
    }
    let annotations = namespace.metadata.annotations.as_ref();
    match annotations.is_some_and(|annotations| annotations.contains_key(mark::ANNOTATION)) {
        true => Err(unfit("a run has made it, and may remove it")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::lock::Terms;

    fn claim() -> Claim {
        let terms = Terms::new(Duration::from_secs(120), Duration::from_secs(90), Duration::from_secs(60));
        let unfinished = Unfinished {
            run: "20260131-120000".into(),
            host: "h".into(),
            journal: "/j".into(),
            mirror: None,
            digest: "d".into(),
        };
        Claim { unfinished: Some(unfinished), ..Claim::new(LockHolder::unknown("id"), terms) }
    }

    #[test]
    fn a_claim_is_read_back_from_its_lease() {
        let version = RecordVersion { object: "u".into(), revision: "7".into() };
        let unnamed = Claim { unfinished: None, ..claim() };
        for claim in [claim(), unnamed, Claim { holder: None, ..claim() }, Claim::vacant()] {
            let lease =
                lease(&Address::namespaced::<Lease>("default", NAME), Some(&version), &claim, Timestamp::UNIX_EPOCH);
            assert_eq!(found(lease, 1), FoundRecord { version: version.clone(), claim });
        }
    }

    #[test]
    fn a_lease_of_another_making_has_a_holder_too() {
        let lease: Lease = serde_json::from_value(json!({
            "metadata": {"annotations": {HOLDER: "{", IN_FLIGHT: "soon", UNFINISHED: "[]"}},
            "spec": {"holderIdentity": "some\u{1b}[2Jbody", "leaseDurationSeconds": 15},
        }))
        .unwrap();
        let claim = found(lease, 90).claim;
        assert_eq!(claim.holder.as_ref().unwrap().process.host, "somebody");
        assert_eq!((claim.takeover_after(), claim.unfinished), (Duration::from_secs(105), None));
        let endless: Lease = serde_json::from_value(json!({"spec": {"leaseDurationSeconds": -1}})).unwrap();
        assert_eq!(found(endless, 90).claim.holder, None);
    }

    #[test]
    fn the_lock_lies_where_no_run_can_take_it_away() {
        let namespace = |meta| serde_json::from_value::<Namespace>(json!({"metadata": meta})).unwrap();
        let plain = namespace(json!({"name": "a", "annotations": {"x": "y"}}));
        let going = namespace(json!({"name": "a", "deletionTimestamp": "2026-01-31T12:00:00Z"}));
        let ours = namespace(json!({"name": "a", "annotations": {mark::ANNOTATION: "payments"}}));
        assert!(lasting("a", Some(&plain)).is_ok());
        for unfit in [None, Some(&going), Some(&ours)] {
            assert!(lasting("a", unfit).is_err(), "{unfit:?}");
        }
    }
}
