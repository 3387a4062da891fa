//! The step against a real OpenBao.

mod file;
mod life;
mod surroundings;
mod world;
