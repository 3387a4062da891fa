//! `cargo xtask sweep`: the sweeps on any pair of servers, and in full, where `cargo xtask test` runs on the sandbox those
//! of their cells that differ most.

use clap::Args;
use miette::{Result, miette};
use trustpath_tests::{cargo::cargo, pair::Which};

use crate::{provision, shell::step};

/// The case end to end that is a sweep too.
const CUT_OFF: &str = "every_kind_may_be_cut_off_at_every_request";

#[derive(Args)]
pub(crate) struct Options {
    /// On which pair of servers: sandbox+openbao, kube-apiserver+openbao or kube-apiserver+vault
    #[arg(long, default_value_t = Which::SANDBOX.name())]
    pair: String,
    /// Every cell, for reading: their counts are not pinned
    #[arg(long)]
    full: bool,
    /// Only those whose names hold this, such as `faults`
    name: Option<String>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let which = Which::ALL.into_iter().find(|which| which.name() == options.pair);
    let which = which.ok_or_else(|| miette!("there is no pair `{}`", options.pair))?;
    provision::have(which)?;
    if options.name.as_ref().is_none_or(|name| CUT_OFF.contains(name.as_str())) {
        let mut cut_off = cargo(&["test", "--package", "trustpath-tests", "--test", "e2e", "--", CUT_OFF]);
        cut_off.env("TRUSTPATH_TEST_PAIRS", which.name()).env("TRUSTPATH_SWEEP", "standard");
        step("verbs cut off", cut_off)?;
    }
    let mut sweeps = cargo(&["test", "--package", "trustpath-tests", "--test", "sweeps", "--", "--nocapture"]);
    let form = if options.full { "full" } else { "standard" };
    sweeps.args(&options.name).env("TRUSTPATH_TEST_PAIRS", which.name()).env("TRUSTPATH_SWEEP", form);
    step("sweeps", sweeps)
}
