//! A Kubernetes API in this process and a real OpenBao beside it, for trying and testing.
//!
//! The API is just true enough for this project's steps, for kubectl, and for the TokenReview of a
//! real Vault or OpenBao. What only a real API server can judge is tested on a real one; that the two
//! answer alike where this one answers at all is tested in `tests/parity`.
//!
//! Not there: watches, protobuf (of kubectl, `create TYPE NAME`, `create token` and `auth can-i` speak
//! nothing else; `apply -f` and `create -f` do), OpenAPI documents (`kubectl apply --validate=false`),
//! patterns and CEL in schemas, conversion between versions, and admission beyond what is in `admission`.

mod admission;
mod apply;
mod auth;
mod cluster;
mod controllers;
mod crd;
mod discovery;
mod error;
mod kinds;
mod kubeconfig;
mod object;
mod openbao;
mod rbac;
mod review;
mod routes;
mod sandbox;
mod schema;
mod seed;
mod server;
mod status;
mod storage;
pub mod tls;
mod token_request;
mod tokens;

pub use self::{
    cluster::RequestLine,
    error::Error,
    openbao::prepare_kv,
    sandbox::{CLUSTER_SECRET_STORE_CRD, Sandbox},
    server::KubernetesApi,
};
