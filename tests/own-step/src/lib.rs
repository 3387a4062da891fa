//! Kinds of one's own, in a binary of one's own: all that they need, and nothing else.

mod app_role;
mod jwt;

pub use app_role::AppRole;
pub use jwt::{Jwt, JwtRole};
