//! `cargo xtask sweep`: the sweeps in full, where `cargo xtask test` runs those of their cells that differ most.

use clap::Args;
use miette::{Result, miette};
use trustpath_tests::pair::Which;

use crate::{
    provision,
    shell::{cargo, step},
};

#[derive(Args)]
pub(crate) struct Options {
    /// On which pair of servers: sandbox+openbao, kube-apiserver+openbao or kube-apiserver+vault
    #[arg(long, default_value_t = Which::SANDBOX.name())]
    pair: String,
    /// Only those whose names hold this, such as `faults`
    name: Option<String>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let which = Which::ALL.into_iter().find(|which| which.name() == options.pair);
    let which = which.ok_or_else(|| miette!("there is no pair `{}`", options.pair))?;
    provision::have(which)?;
    let mut sweeps = cargo(&["test", "--package", "trustpath-tests", "--test", "sweeps", "--", "--nocapture"]);
    sweeps.args(&options.name).env("TRUSTPATH_TEST_PAIRS", which.name()).env("TRUSTPATH_SWEEP", "full");
    step("sweeps", sweeps)
}
