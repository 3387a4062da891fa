//! What auth methods are made of: a mount, documents below it, a login that proves them.

mod at;
mod disable;
mod enable;
mod mount;
mod value;

pub use self::{
    at::{MountAt, shown},
    disable::Disable,
    enable::Enable,
    mount::MountState,
    value::is_said,
};
