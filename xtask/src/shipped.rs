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

/// Panics, answers that a program could panic at, and a kill at every request.
const SHOWN: [(&str, &str, &str); 2] =
    [("panics, as shipped", END_TO_END, "panic"), ("kills, as shipped", SWEEPS, "kills::")];

pub(crate) fn run() -> Result<()> {
    let program = ["--package", "trustpath-cli", "--package", "trustpath-panicking-step"];
    step("build, as shipped", cargo(&[&["build", "--quiet", "--profile", PROFILE], &program[..]].concat()))?;
    for (what, binary, name) in SHOWN {
        let built = workspace::target().join(PROFILE);
        let cases = Cases { binary, name: Some(name.into()), which: Which::SANDBOX, built, environment: Vec::new() };
        cases.run(what)?;
    }
    Ok(())
}
