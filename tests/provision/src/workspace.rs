//! The checkout in which this crate was compiled.

use std::{
    env,
    path::{Path, PathBuf},
};

/// Its root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("this crate lies in tests/provision")
}

/// Where cargo puts what it makes of it: `CARGO_TARGET_DIR`, which counts from the root, or `target`.
pub fn target() -> PathBuf {
    root().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}
