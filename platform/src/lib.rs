//! The two systems, Vault and Kubernetes, and the facts that steps hand on
