//! Step: the Vault role that binds a ServiceAccount to policies
