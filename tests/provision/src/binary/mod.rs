//! Where the servers' binaries come from.
//!
//! Each is made once and kept in `target/servers/NAME-KEY/NAME`; a change of what it is made from
//! changes the key. Two processes that want the same one wait for each other.

mod cache;
mod go;
mod python;

pub use go::{hashicorp_vault, kube_apiserver};
pub use python::openbao;

use std::process::{Command, Stdio};

use crate::{Error, Result};

/// Runs a command to its end. On failure the error carries the end of what it printed.
fn run(server: &str, tool: &'static str, install: &'static str, command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output().map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => Error::MissingTool { tool, server: server.to_owned(), install },
        _ => Error::Io { what: format!("run {tool}"), source },
    })?;
    if output.status.success() {
        return Ok(());
    }
    let printed = [output.stdout, output.stderr].concat();
    Err(Error::Build {
        what: format!("{command:?}"),
        status: output.status,
        output: crate::process::tail(&String::from_utf8_lossy(&printed)),
    })
}
