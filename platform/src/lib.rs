//! The two systems, Vault and Kubernetes, and the facts that steps hand on.
//!
//! What a step gets from here: a [`Vault`] and a [`Cluster`] through `cx.handle::<…>()`, with TLS, retry, timeouts and
//! errors in one place, and the [`facts`] that link the steps. What the program gives: [`Connections`] from the graph
//! file and an [`Environment`]. Nothing here prints, or reads the environment by itself.

pub mod connections;
mod crypto;
pub mod digest;
mod duration;
pub mod environment;
pub mod error;
mod exchange;
pub mod facts;
mod family;
pub mod handshake;
mod heard;
pub mod hide;
pub mod kubernetes;
pub mod lock;
pub mod mark;
pub mod names;
mod opening;
mod optional;
pub mod policy;
mod proxy;
pub mod retry;
mod seen;
pub mod text;
pub mod text_source;
mod tls;
mod trust;
pub mod ttl;
pub mod vault;

/// What both systems see of this program in their logs.
const USER_AGENT: &str = concat!("trustpath/", env!("CARGO_PKG_VERSION"));

pub use connections::Connections;
pub use crypto::install_crypto_provider;
pub use environment::Environment;
pub use error::Error;
pub use facts::{
    AuthMount, ClientReviewer, Login, OperatorLogin, PolicyName, ReviewerSecret, ServiceAccountRef, StoreAuth,
    VaultServer,
};
pub use heard::Heard;
pub use kubernetes::{Cluster, KubernetesSettings};
pub use optional::{Optional, Remark};
pub use ttl::Ttl;
pub use vault::{Vault, VaultSettings};
