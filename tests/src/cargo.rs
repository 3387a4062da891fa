//! Running cargo from what cargo runs.

use std::{env, process::Command};

use trustpath_provision::workspace;

/// The test binary of the cases end to end.
pub const END_TO_END: &str = "e2e";

/// A cargo command in this workspace.
///
/// Cargo tells what it runs of the package that it belongs to. That is kept from this one: build scripts that look at it
/// (`ring` 0.17) would run again, and all that depends on them be compiled again, whenever cargo is run by another client.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(arguments).current_dir(workspace::root());
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            cargo.env_remove(name);
        }
    }
    cargo
}
