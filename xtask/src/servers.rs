//! `cargo xtask servers`: servers in the foreground, for a shell beside it.

use clap::{Args, ValueEnum};
use miette::{IntoDiagnostic, Result};
use secrecy::ExposeSecret;
use tokio::io::AsyncReadExt;
use trustpath_tests::{
    pair::{Pair, Which},
    program::standard_file,
};

use crate::provision;

#[derive(Args)]
pub(crate) struct Options {
    /// Which Vault
    #[arg(long, value_enum, default_value_t = Vault::Openbao)]
    vault: Vault,
    /// Which Kubernetes API
    #[arg(long, value_enum, default_value_t = Kubernetes::Sandbox)]
    kubernetes: Kubernetes,
    /// Stop when standard input closes, too
    #[arg(long)]
    until_eof: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Vault {
    Openbao,
    Vault,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kubernetes {
    Sandbox,
    Real,
}

pub(crate) async fn run(options: &Options) -> Result<()> {
    let which = Which {
        real_kubernetes: options.kubernetes == Kubernetes::Real,
        hashicorp_vault: options.vault == Vault::Vault,
    };
    // What is built is said on stderr by the provisioning; stdout is for `eval`.
    tokio::task::spawn_blocking(move || provision::have(which)).await.into_diagnostic()??;
    let pair = Pair::start(which).await;
    print(&pair);
    let interrupted = tokio::signal::ctrl_c();
    tokio::select! {
        signal = interrupted => signal.into_diagnostic()?,
        () = terminated() => {}
        () = end_of_input(), if options.until_eof => {}
    }
    Ok(())
}

fn print(pair: &Pair) {
    let files = [standard_file(), pair.overlay_file()].map(|file| file.display().to_string());
    println!("export VAULT_ADDR={}", pair.vault_direct());
    println!("export VAULT_TOKEN={}", pair.root_token().expose_secret());
    println!("export KUBECONFIG={}", pair.kubeconfig_direct().display());
    println!("export TRUSTPATH_FILE={}", files.join(":"));
    eprintln!("{} until Ctrl-C; the overlay:\n{}", pair.which.name(), pair.overlay());
}

async fn terminated() {
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    }
}

async fn end_of_input() {
    let mut ignored = [0; 256];
    let mut input = tokio::io::stdin();
    while matches!(input.read(&mut ignored).await, Ok(1..)) {}
}
