//! The step against a real OpenBao.

mod life;
mod surroundings;
mod world;
