//! What every run needs, whatever its steps are.

use trustpath_core::Right;
use trustpath_platform::{
    kubernetes::{JournalSecret, LeaseRecord, rights::to_read_uid},
    vault::KvRecord,
};

use crate::{args::JournalPlace, lock::Scope};

/// Which server it is that a run talks to, the locks under which it writes, and
/// the place of its journal. The uid of `kube-system` tells one
/// cluster from another; Vault says which one it is in `sys/health`, which needs no right.
pub(crate) fn of_a_run(scope: &Scope, journal: JournalPlace) -> Vec<Right> {
    let mut rights = Vec::new();
    if scope.cluster {
        rights.extend(to_read_uid());
        rights.extend(LeaseRecord::rights(&scope.lock_namespace));
        if journal == JournalPlace::Cluster {
            rights.extend(JournalSecret::rights(&scope.lock_namespace));
        }
    }
    rights.extend(scope.vault_lock().into_iter().flat_map(KvRecord::rights));
    rights
}
