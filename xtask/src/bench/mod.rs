//! `cargo xtask bench`: the release binary beside the same requests sent raw, in turn, in one run; or beside another
//! binary, beside itself with far servers, or with a large graph.

mod against;
mod beside_raw;
mod latency;
mod many;
mod measured;

use std::{path::PathBuf, time::Duration};

use clap::Args;
use miette::{Result, miette};
use trustpath_provision::workspace;
use trustpath_tests::{
    cargo::cargo,
    pair::{Pair, Which},
};

use self::measured::Measured;
use crate::{provision, shell::step};

#[derive(Args)]
pub(crate) struct Options {
    /// A real kube-apiserver instead of the sandbox's API
    #[arg(long)]
    real: bool,
    /// How often each is measured; the median counts
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// A binary of the program that is there already, instead of building one
    #[arg(long, value_name = "BINARY")]
    binary: Option<PathBuf>,
    /// Another binary of the program, such as that of an earlier commit: its `apply`, `plan` and `verify` are measured in
    /// turn with this one's
    #[arg(long, value_name = "BINARY")]
    against: Option<PathBuf>,
    /// How many round trips each verb waits for, one after the other: measured with servers that are so far away, such as 50ms
    #[arg(long, value_name = "TIME", value_parser = time)]
    latency: Option<Duration>,
    /// A `destroy` that finds nothing beside a `plan`, of so many policies
    #[arg(long, value_name = "NUMBER")]
    policies: Vec<usize>,
}

pub(crate) async fn run(options: &Options) -> Result<()> {
    let which = Which { real_kubernetes: options.real, hashicorp_vault: false };
    tokio::task::spawn_blocking(move || provision::have(which)).await.map_err(|error| miette!("{error}"))??;
    let binary = options.binary.clone().map_or_else(release, Ok)?;
    let (pair, rounds) = (Pair::start(which).await, options.rounds);
    let measured = Measured::new(&pair, binary.clone());
    let other = options.against.clone().map(|other| Measured::new(&pair, other));
    if let Some(other) = &other {
        against::run(&pair, (&measured, other), rounds).await;
    }
    if let Some(latency) = options.latency {
        for measured in [Some(&measured), other.as_ref()].into_iter().flatten() {
            latency::run(&pair, measured, latency, rounds).await;
        }
    }
    for number in &options.policies {
        many::run(&pair, &binary, *number, rounds).await;
    }
    if other.is_none() && options.latency.is_none() && options.policies.is_empty() {
        beside_raw::run(&pair, &measured, rounds).await?;
    }
    Ok(())
}

fn release() -> Result<PathBuf> {
    step("release binary", cargo(&["build", "--release", "--quiet", "--package", "trustpath-cli"]))?;
    Ok(workspace::target().join("release/trustpath"))
}

fn time(text: &str) -> Result<Duration, String> {
    let time: jiff::SignedDuration = text.parse().map_err(|error| format!("{error}"))?;
    Duration::try_from(time).map_err(|error| error.to_string())
}
