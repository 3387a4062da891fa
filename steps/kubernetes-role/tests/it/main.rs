//! The step against a real OpenBao, with the sandbox's Kubernetes API behind it.

mod life;
mod proof;
mod world;
