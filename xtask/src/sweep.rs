//! `cargo xtask sweep`: the sweeps on any pair of servers, and in full, where `cargo xtask test` runs on the sandbox those
//! of their cells that differ most.

use clap::Args;
use miette::{Result, miette};
use trustpath_provision::workspace;
use trustpath_tests::{
    cargo::{END_TO_END, cargo},
    pair::Which,
};

use crate::{
    cases::{Cases, SWEEPS},
    provision,
    shell::step,
};

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
    let cases = |binary, name, form: &str| {
        let built = workspace::target().join("debug");
        let environment = vec![("TRUSTPATH_SWEEP", form.to_owned())];
        Cases { binary, name, which, built, environment }
    };
    let is_cut_off = |name: &String| CUT_OFF.contains(name.as_str());
    if options.name.as_ref().is_none_or(is_cut_off) {
        cases(END_TO_END, Some(CUT_OFF.to_owned()), "standard").run("verbs cut off")?;
    }
    // By this name there is no sweep besides.
    if options.name.as_ref().is_some_and(is_cut_off) {
        return Ok(());
    }
    let mut sweeps = cases(SWEEPS, options.name.clone(), if options.full { "full" } else { "standard" });
    sweeps.environment.extend(options.part.iter().map(|part| ("TRUSTPATH_SWEEP_PART", part.clone())));
    sweeps.run("sweeps")
}
