//! `cargo xtask test`: everything there is.

use std::process::Command;

use clap::Args;
use miette::Result;
use trustpath_provision::workspace;
use trustpath_tests::{cargo::cargo, pair::Which};

use crate::{provision, shell::step, shipped};

#[derive(Args)]
pub(crate) struct Options {
    /// For the inner loop: no documentation, no sweeps, nothing as it is shipped, and end to end on the sandbox alone
    #[arg(long)]
    pub(crate) quick: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    step("format", cargo(&["fmt", "--all", "--check"]))?;
    step("clippy", cargo(&["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]))?;
    if !options.quick {
        let mut docs = cargo(&["doc", "--workspace", "--no-deps", "--quiet"]);
        docs.env("RUSTDOCFLAGS", "-D warnings");
        step("docs", docs)?;
    }
    let pairs: &[Which] = if options.quick { &[Which::SANDBOX] } else { &Which::ALL };
    for which in pairs {
        provision::have(*which)?;
    }
    step("build", cargo(&["build", "--workspace", "--all-targets", "--quiet"]))?;
    step("tests", tests(options.quick))?;
    if options.quick { Ok(()) } else { shipped::run() }
}

/// The quick ones need no Go: what compares with a real kube-apiserver, or starts one, is left out.
fn tests(quick: bool) -> Command {
    let mut tests = cargo(&["test", "--workspace", "--no-fail-fast"]);
    tests.env("TRUSTPATH_TEST_BUILT", workspace::target().join("debug"));
    if quick {
        tests.args(["--exclude", "trustpath-provision", "--", "--skip", "kube_apiserver"]);
        tests.env("TRUSTPATH_TEST_PAIRS", Which::SANDBOX.name()).env("TRUSTPATH_SWEEP", "none");
    }
    tests
}
