//! The families of servers.

use serde::{Deserialize, Serialize};

/// Whose server it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Family {
    /// HashiCorp Vault, without namespaces.
    Vault,
    /// HashiCorp Vault Enterprise.
    VaultEnterprise,
    /// OpenBao.
    OpenBao,
}
