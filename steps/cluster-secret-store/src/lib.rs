//! Step: the operator's ClusterSecretStore
