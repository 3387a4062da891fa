//! Step: the operator's ClusterSecretStore, which logs in to Vault by the Kubernetes auth method.
//!
//! It is applied by server-side apply with the field manager `trustpath`, in the version of the API that the cluster
//! serves. What undo puts back is what that manager owned before, and, where fields were taken from other managers by
//! force, their values and their ownership.

mod body;
mod ca;
mod conditions;
mod config;
mod decide;
mod import;
mod leftovers;
mod named;
mod prove;
mod ready;
mod request;
mod server;
mod step;
mod users;

use trustpath_core::Kind;

use self::{
    config::{ClusterSecretStore, KIND},
    import::StoreImport,
    leftovers::Stores,
};

inventory::submit! {
    Kind::managed::<ClusterSecretStore>(KIND, "The operator's ClusterSecretStore").finding(&Stores).importing(KIND, &StoreImport)
}
