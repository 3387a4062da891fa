//! The harness of the end-to-end cases.
//!
//! - [`others`]: others on the same servers, who have to be looked at.
//! - [`pair`]: a Kubernetes API and a Vault, of which there are three pairs.
//! - [`fleet`]: the pairs that run, and the cases that run on them.
//! - [`aggregated`]: APIs that other servers serve through the API server, and one that no server does.
//! - [`canary`]: secrets that are looked for where they must not be.
//! - [`cargo`]: what is built while tests run.
//! - [`controller`]: a controller of others, which writes into every new namespace.
//! - [`crd`]: the ClusterSecretStore CRDs that the cases run against.
//! - [`external_secret`]: a user of the store.
//! - [`far`]: a server that is far away.
//! - [`holder`]: credentials with certain rights, and no other.
//! - [`least`]: credentials with the rights that `permissions` prints, and no other.
//! - [`proxy`]: sees every request, and can make one fail.
//! - [`rest`]: the servers' own APIs, without the program in between.
//! - [`roles`]: roles as objects, and what they give.
//! - [`wire`]: which rights the requests took that came by.
//! - [`view`]: what the servers hold, seen from outside.
//! - [`somebody`]: another client's chain, with other values.
//! - [`sweep`]: every fault at every request, and what must come of each.
//! - [`program`]: the program under test, as a process with an environment of its own.

pub mod aggregated;
pub mod canary;
pub mod cargo;
pub mod chain;
pub mod controller;
pub mod crd;
pub mod external_secret;
pub mod far;
pub mod fleet;
pub mod holder;
pub mod least;
pub mod others;
pub mod pair;
pub mod program;
pub mod proxy;
pub mod rest;
pub mod roles;
pub mod somebody;
pub mod sweep;
pub mod terminal;
mod token_key;
pub mod view;
pub mod wire;

/// The pages for those who write a kind: their Rust is compiled.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../docs/architecture.md")]
    mod architecture {}
    #[doc = include_str!("../../docs/steps/README.md")]
    mod steps {}
}
