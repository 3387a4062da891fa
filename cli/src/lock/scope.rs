//! What is locked for a graph, and what is not, and which rights that takes. Pure.

use trustpath_core::{Handle as _, Handles, Note, Right, graph::Graph};
use trustpath_platform::{
    Cluster, Connections, Vault,
    connections::LockPath,
    kubernetes::{JournalSecret, LeaseRecord, rights::to_read_uid},
    vault::KvRecord,
};

use crate::args::JournalPlace;

/// What the graph has to do with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    /// A step of it talks to Kubernetes.
    pub(crate) cluster: bool,
    pub(crate) lock_namespace: String,
    /// A step of it talks to Vault.
    vault: bool,
    lock: Option<LockPath>,
}

impl Scope {
    /// The whole graph counts, whichever of its steps a command is about: they share their objects with the others. But no
    /// lock is on a system that is not looked at.
    pub(crate) fn of(graph: &Graph, connections: &Connections, handles: &Handles) -> Self {
        let uses = |system| graph.uses(system) && handles.looks_at(system);
        Self {
            cluster: uses(Cluster::NAME),
            lock_namespace: connections.kubernetes.lock_namespace().to_owned(),
            vault: uses(Vault::NAME),
            lock: connections.vault.lock.clone(),
        }
    }

    /// Where the lock in Vault lies.
    pub(crate) fn vault_lock(&self) -> Option<&LockPath> {
        self.lock.as_ref().filter(|_| self.vault)
    }

    /// What every run needs, whatever its steps are: to know which server it talks to, its locks, and the place of its
    /// journal. The uid of `kube-system` tells one cluster from another; Vault says which one it is in `sys/health`, which
    /// needs no right.
    pub(crate) fn own_rights(&self, journal: JournalPlace) -> Vec<Right> {
        let mut rights = Vec::new();
        if self.cluster {
            rights.extend(to_read_uid());
            rights.extend(LeaseRecord::rights(&self.lock_namespace));
            if journal == JournalPlace::Cluster {
                rights.extend(JournalSecret::rights(&self.lock_namespace));
            }
        }
        rights.extend(self.vault_lock().into_iter().flat_map(KvRecord::rights));
        rights
    }

    /// What the user should know about who is kept out, and who is not.
    pub(crate) fn notes(&self) -> Vec<Note> {
        const KEEPS_OUT: &str = "`lock` under [connections.vault] keeps it out";
        let note = match (self.cluster, self.vault, &self.lock) {
            (_, true, Some(_)) | (true, false, _) => return Vec::new(),
            (true, true, None) => format!(
                "Vault is not locked: a run for another cluster that shares it can change it at the same time; {KEEPS_OUT}"
            ),
            (false, true, None) => format!(
                "only this machine is locked: a run from elsewhere can change the same objects at the same time; {KEEPS_OUT}"
            ),
            (false, false, _) => {
                "only this machine is locked: a run from elsewhere can change the same objects at the same time"
                    .to_owned()
            }
        };
        vec![Note::Info(note)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(cluster: bool, vault: bool, lock: Option<&str>) -> Scope {
        let lock = lock.map(|path| path.to_owned().try_into().unwrap());
        Scope { cluster, lock_namespace: "default".into(), vault, lock }
    }

    fn words(scope: &Scope) -> String {
        scope.notes().iter().map(|note| note.text().to_owned()).collect()
    }

    #[test]
    fn what_is_not_locked_is_said() {
        assert!(words(&scope(true, true, None)).starts_with("Vault is not locked"));
        assert!(words(&scope(false, true, None)).starts_with("only this machine is locked"));
        assert!(words(&scope(false, false, Some("kv/lock"))).starts_with("only this machine is locked"));
        for all in [scope(true, true, Some("kv/lock")), scope(false, true, Some("kv/lock")), scope(true, false, None)] {
            assert_eq!(words(&all), "");
        }
    }

    #[test]
    fn a_lock_in_vault_is_for_graphs_that_talk_to_vault() {
        assert!(scope(true, true, Some("kv/lock")).vault_lock().is_some());
        assert!(scope(true, false, Some("kv/lock")).vault_lock().is_none());
    }
}
