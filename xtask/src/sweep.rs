//! `cargo xtask sweep`: the sweeps on any pair of servers, and in full, where `cargo xtask test` runs on the sandbox those
//! of their cells that differ most.

use std::process::Command;

use clap::Args;
use miette::{Result, miette};
use trustpath_provision::workspace;
use trustpath_tests::{
    cargo::{END_TO_END, cargo},
    pair::Which,
};

use crate::{provision, shell::step};

/// The test binary of the sweeps.
const SWEEPS: &str = "sweeps";

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
    /// Some of the cells alone, such as 2/3: several processes share what takes long
    #[arg(long)]
    part: Option<String>,
    /// Only those whose names hold this, such as `faults`
    name: Option<String>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let which = Which::ALL.into_iter().find(|which| which.name() == options.pair);
    let which = which.ok_or_else(|| miette!("there is no pair `{}`", options.pair))?;
    provision::have(which)?;
    // With the features of the whole workspace: it is what `cargo xtask test` has built.
    step("build", cargo(&["build", "--quiet", "--test", END_TO_END, "--test", SWEEPS, "--bin", "trustpath"]))?;
    if options.name.as_ref().is_none_or(|name| CUT_OFF.contains(name.as_str())) {
        let mut cut_off = tests(END_TO_END, which, "standard");
        cut_off.arg(CUT_OFF);
        step("verbs cut off", cut_off)?;
    }
    let mut sweeps = tests(SWEEPS, which, if options.full { "full" } else { "standard" });
    sweeps.arg("--nocapture").args(&options.name);
    sweeps.envs(options.part.iter().map(|part| ("TRUSTPATH_SWEEP_PART", part)));
    step("sweeps", sweeps)
}

/// The tests of a binary on a pair of servers.
fn tests(binary: &str, which: Which, form: &str) -> Command {
    let mut tests = cargo(&["test", "--test", binary, "--"]);
    tests.env("TRUSTPATH_TEST_BUILT", workspace::target().join("debug"));
    tests.env("TRUSTPATH_TEST_PAIRS", which.name()).env("TRUSTPATH_SWEEP", form);
    tests
}
