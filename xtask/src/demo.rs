//! `cargo xtask demo`: the whole of it on servers of its own.

use std::{
    io::IsTerminal,
    process::{Command, Stdio},
    time::Instant,
};

use miette::{Result, miette};
use secrecy::ExposeSecret;
use trustpath_tests::{
    pair::{Pair, Which},
    program::{standard_file, trustpath},
};

use crate::{provision, shell::seconds};

/// What is shown, and the exit code that each has to end with.
const SHOWN: [(&[&str], i32); 5] = [
    (&["plan", "--detailed-exitcode"], 2),
    (&["apply", "--yes"], 0),
    (&["verify"], 0),
    (&["plan", "--detailed-exitcode"], 0),
    (&["destroy", "--yes"], 0),
];

pub(crate) async fn run() -> Result<()> {
    tokio::task::spawn_blocking(|| provision::have(Which::SANDBOX)).await.map_err(|error| miette!("{error}"))??;
    trustpath();
    println!("Starting a Kubernetes API in this process and an OpenBao beside it …");
    let begun = Instant::now();
    let pair = Pair::start(Which::SANDBOX).await;
    let state = tempfile::tempdir().map_err(|error| miette!("no directory for the state: {error}"))?;
    for (arguments, expected) in SHOWN {
        println!("\n$ trustpath {}", arguments.join(" "));
        let mut command = command(&pair, arguments);
        command.env("TRUSTPATH_STATE_DIR", state.path());
        let status = tokio::task::spawn_blocking(move || command.status()).await;
        let status = status.map_err(|error| miette!("{error}"))?.map_err(|error| miette!("{error}"))?;
        if status.code() != Some(expected) {
            return Err(miette!("`trustpath {}` ended with {status}, not with {expected}", arguments.join(" ")));
        }
    }
    println!("\nShown in {}; both servers are gone again.", seconds(begun.elapsed()));
    Ok(())
}

fn command(pair: &Pair, arguments: &[&str]) -> Command {
    let files = [standard_file(), pair.overlay_file()].map(|file| file.display().to_string());
    let mut command = Command::new(trustpath());
    command.args(arguments).env_clear().stdin(Stdio::null());
    for name in ["PATH", "HOME", "TERM", "NO_COLOR", "LANG"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    if std::io::stdout().is_terminal() {
        command.args(["--color", "always"]);
    }
    command
        .env("VAULT_ADDR", pair.vault_direct())
        .env("VAULT_TOKEN", pair.root_token().expose_secret())
        .env("KUBECONFIG", pair.kubeconfig_direct())
        .env("TRUSTPATH_FILE", files.join(":"));
    command
}
