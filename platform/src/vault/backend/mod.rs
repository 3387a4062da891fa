//! What auth methods are made of: a mount, documents below it, a login that proves them.
//!
//! [`AuthMethod`] is what an author writes. Its parts are there for kinds that need more than it has room for.

mod at;
mod decide;
mod document;
mod method;
mod mount;
mod probe;
mod proof;
mod requests;
mod route;
mod secret_ref;
pub mod session;
mod step;
#[cfg(test)]
mod tests;
mod value;
mod written;

pub use self::{
    decide::roles_that_go,
    document::{Content, Document},
    method::{AuthMethod, Mounted, Segment},
    mount::{MountState, OwnedMount},
    proof::{LoginCheck, LoginProof},
    requests::{Disable, Enable},
    secret_ref::SecretRef,
    step::{Backend, auth_method},
    value::{differing, is_said},
};
