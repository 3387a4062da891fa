//! What every run needs, whatever its steps are.

use trustpath_core::Right;
use trustpath_platform::{
    kubernetes::{LeaseRecord, rights::on},
    vault::KvRecord,
};

use crate::lock::Scope;

/// Which server it is that a run talks to, and the locks under which it writes. The uid of `kube-system` tells one
/// cluster from another; Vault says which one it is in `sys/health`, which needs no right.
pub(crate) fn of_a_run(scope: &Scope) -> Vec<Right> {
    let mut rights = Vec::new();
    if scope.cluster {
        rights.extend(on("", "namespaces").named("kube-system").may(&["get"]));
        rights.extend(LeaseRecord::rights(&scope.lock_namespace));
    }
    rights.extend(scope.vault_lock().into_iter().flat_map(KvRecord::rights));
    rights
}
