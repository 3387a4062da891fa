//! What auth methods are made of: a mount, documents below it, a login that proves them.
//!
//! [`AuthMethod`] is what an author writes. Its parts are there for kinds that need more than it has room for.

mod at;
mod create;
mod decide;
mod disable;
mod document;
mod enable;
mod method;
mod mount;
mod owned;
mod probe;
mod proof;
mod route;
mod secret_ref;
pub mod session;
mod step;
#[cfg(test)]
mod tests;
mod value;
mod written;

pub use self::{
    at::MountAt,
    decide::roles_that_go,
    disable::Disable,
    document::{Document, Held},
    enable::Enable,
    method::{AuthMethod, Mounted, Segment},
    mount::MountState,
    owned::OwnedMount,
    proof::{LoginCheck, LoginProof},
    secret_ref::SecretRef,
    step::{Backend, auth_method},
    value::{differing, is_said},
};
