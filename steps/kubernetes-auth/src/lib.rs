//! Step: Vault's Kubernetes auth mount and its config
