//! The real servers that the tests and the sandbox talk to: how they are had, started and ended.
//!
//! - **Had**: [`binary::openbao`] installs, [`binary::kube_apiserver`] and
//!   [`binary::hashicorp_vault`] build, once, into `target/servers/`. They say beforehand what will
//!   take long; the `start` functions call them in silence.
//! - **Started**: on a free port of 127.0.0.1, with a state directory of its own and an environment
//!   that holds nothing of the caller's but `PATH`.
//! - **Ended**: a server dies with the value that stands for it, and with this process, however
//!   that ends, `SIGKILL` included. Its directory goes with the value.
//!
//! Unix only. No server here is part of the product.

pub mod binary;
mod error;
mod kubernetes;
mod openbao;
mod process;
mod state;
mod vault;
pub mod workspace;

pub use error::{Error, Result};
pub use kubernetes::KubeApiserver;
pub use openbao::{OpenBao, Options, Tls};
pub use vault::HashiCorpVault;
