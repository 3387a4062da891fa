//! A Kubernetes API in this process and a real OpenBao beside it, for trying and testing.
//!
//! The API is just true enough for this project's steps, for kubectl, and for the TokenReview of a
//! real Vault or OpenBao. What only a real API server can judge is tested on a real one; that the two
//! answer alike where this one answers at all is tested in `tests/parity`.
//!
//! Of kubectl, what this project's documents tell people to do is tested. Not there: watches, protobuf but for
//! the kinds in `protobuf` (`create -f` speaks JSON), schemas in OpenAPI documents, patterns and CEL in schemas,
//! conversion between versions, and admission beyond what is in `admission`.

mod admission;
mod apply;
mod auth;
mod cluster;
mod control_plane;
mod controllers;
mod crd;
mod discovery;
mod error;

mod kinds;
mod kubeconfig;
mod object;
mod openapi;
mod openbao;
mod protobuf;
mod rbac;
mod resource_type;
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
