//! Some of the cases that lie in test binaries of the harness, which `cargo xtask test` has built.

use std::{path::PathBuf, process::Command};

use miette::{IntoDiagnostic, Result, miette};
use trustpath_tests::{cargo::cargo, pair::Which};

use crate::shell::step;

/// The test binary of the sweeps.
pub(crate) const SWEEPS: &str = "sweeps";

/// Cases of one test binary, and what they run on.
pub(crate) struct Cases {
    /// The test binary.
    pub(crate) binary: &'static str,
    /// Only those whose names hold this.
    pub(crate) name: Option<String>,
    /// The pair of servers.
    pub(crate) which: Which,
    /// Where the program lies.
    pub(crate) built: PathBuf,
    /// More of their environment.
    pub(crate) environment: Vec<(&'static str, String)>,
}

impl Cases {
    /// Runs them, as a step of a larger command.
    ///
    /// # Errors
    /// When one of them fails, or when there is none: what runs nothing would pass.
    pub(crate) fn run(&self, what: &str) -> Result<()> {
        let listed = self.command(&["--list"]).output().into_diagnostic()?;
        if !String::from_utf8_lossy(&listed.stdout).lines().any(|line| line.ends_with(": test")) {
            let name = self.name.as_deref().unwrap_or_default();
            return Err(miette!("{what}: no case of `{}` is called `{name}`", self.binary));
        }
        step(what, self.command(&["--nocapture"]))
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut tests = cargo(&["test", "--quiet", "--test", self.binary, "--"]);
        tests.args(words).args(&self.name).envs(self.environment.iter().map(|(name, value)| (name, value)));
        tests.env("TRUSTPATH_TEST_BUILT", &self.built).env("TRUSTPATH_TEST_PAIRS", self.which.name());
        tests
    }
}
