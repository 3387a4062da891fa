//! What is shipped is built in another way than what is tested: the cases where that could matter run with both.

use miette::Result;
use trustpath_provision::workspace;
use trustpath_tests::{
    cargo::{END_TO_END, cargo},
    pair::Which,
};

use crate::{
    cases::{Cases, SWEEPS},
    shell::step,
};

/// The profile that differs from `release` in nothing that a run could come to, and is built in a fifth of its time.
const PROFILE: &str = "release-like";

/// Those that the cases run.
const PROGRAMS: [&str; 3] = ["trustpath-cli", "trustpath-panicking-step", "trustpath-own-step"];

/// Panics, answers that a program could panic at, and a kill at every request.
const SHOWN: [(&str, &str, &str); 2] =
    [("panics, as shipped", END_TO_END, "panic"), ("kills, as shipped", SWEEPS, "kills::")];

pub(crate) fn run() -> Result<()> {
    let packages = PROGRAMS.iter().flat_map(|package| ["--package", package]);
    let build: Vec<_> = ["build", "--quiet", "--profile", PROFILE].into_iter().chain(packages).collect();
    step("build, as shipped", cargo(&build))?;
    for (what, binary, name) in SHOWN {
        let built = workspace::target().join(PROFILE);
        let cases = Cases { binary, name: Some(name.into()), which: Which::SANDBOX, built, environment: Vec::new() };
        cases.run(what)?;
    }
    Ok(())
}
