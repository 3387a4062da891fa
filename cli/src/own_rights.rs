//! What every run needs, whatever its steps are.

use trustpath_core::Right;
use trustpath_platform::kubernetes::rights::on;

/// Which server it is that a run talks to: the uid of `kube-system` tells one cluster from another. Vault says it in
/// `sys/health`, which needs no right.
pub(crate) fn of_a_run() -> Vec<Right> {
    on("", "namespaces").named("kube-system").may(&["get"])
}
