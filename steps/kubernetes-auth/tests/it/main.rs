//! The step against a real OpenBao, with the sandbox's Kubernetes API behind it.

mod adopting;
mod life;
mod place;
mod proof;
mod reviewer;
mod world;
