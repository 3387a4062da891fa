//! `cargo xtask`: builds what a command needs, and no more, and runs it.
//!
//! It depends on nothing, so that it is there in a second, and can say what will take minutes.

use std::{
    env,
    error::Error,
    ffi::OsString,
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Command, ExitCode},
};

/// The demo and the program that it shows, built at once: one after the other, what both depend on would be compiled twice,
/// for the features of each.
const DEMO: [&str; 5] = ["build", "--package", "trustpath-cli", "--package", "trustpath-demo"];
const OTHERS: [&str; 4] = ["run", "--package", "xtask", "--"];

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let Err(error) = run(&arguments);
    eprintln!("cargo xtask: {error}");
    ExitCode::FAILURE
}

/// Becomes what was asked for; returns only when it cannot.
fn run(arguments: &[OsString]) -> Result<std::convert::Infallible, Box<dyn Error>> {
    if arguments != ["demo"] {
        announce("xtask", "the test harness: six minutes");
        return Err(cargo(&OTHERS).args(arguments).exec().into());
    }
    announce("trustpath-demo", "the program and a sandbox: four minutes");
    if !cargo(&DEMO).status()?.success() {
        return Err("the demo does not build".into());
    }
    Err(Command::new(beside("trustpath-demo")?).exec().into())
}

/// Says what takes long, where it has not been done before.
fn announce(binary: &str, what: &str) {
    if beside(binary).is_ok_and(|path| !path.exists()) {
        eprintln!("==> building {what} on two cores, this first time alone");
    }
}

/// A binary of this workspace.
fn beside(binary: &str) -> Result<PathBuf, std::io::Error> {
    Ok(env::current_exe()?.with_file_name(binary))
}

/// Cargo, without what it tells of the package that it runs: build scripts that look at it (`ring` 0.17) would run again.
fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(arguments);
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            cargo.env_remove(name);
        }
    }
    cargo
}
