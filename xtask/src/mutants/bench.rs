//! Compiling the tests of the copy, and running some of them.

use std::{fmt, path::PathBuf, process::Stdio, time::Duration};

use miette::{IntoDiagnostic, Result, miette};
use serde_json::Value;
use tokio::{process::Command, time::timeout};
use trustpath_tests::pair::Which;

use super::tree::Tree;

/// The test binary of the cases end to end.
const END_TO_END: &str = "e2e";

/// Tests that take longer do not come to an end.
const LONGEST: Duration = Duration::from_secs(120);

/// What became of some tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All of them passed.
    Green,
    /// All of them failed.
    Red,
    /// Some of them did neither, or are not there.
    Mixed,
    /// They did not come to an end.
    Hung,
    /// They do not compile.
    Uncompiled,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Green => "→ GREEN:",
            Self::Red => "→ red:",
            Self::Mixed => "→ NOT ALL RED, OR NOT THERE:",
            Self::Hung => "→ DID NOT END:",
            Self::Uncompiled => "→ DOES NOT COMPILE:",
        })
    }
}

/// A test binary, and the package that it belongs to.
struct Compiled {
    executable: PathBuf,
    directory: PathBuf,
}

impl Compiled {
    /// Runs these tests, and returns what was said of them; `None` where they do not end.
    async fn run(&self, tests: &[String]) -> Result<Option<String>> {
        let mut run = Command::new(&self.executable);
        // With one thread alone, what a case itself prints comes between its name and what became of it.
        run.args(tests).args(["--exact", "--test-threads=2"]).kill_on_drop(true);
        run.current_dir(&self.directory).stdin(Stdio::null());
        // For the cases end to end: the servers are those of the checkout, the program is the one beside the tests.
        run.env("CARGO_TARGET_DIR", Tree::of_checkout()).env("TRUSTPATH_TEST_BUILT", "1");
        run.env("TRUSTPATH_TEST_PAIRS", Which::SANDBOX.name());
        match timeout(LONGEST, run.output()).await {
            Err(_) => Ok(None),
            Ok(ran) => Ok(Some(String::from_utf8_lossy(&ran.into_diagnostic()?.stdout).into_owned())),
        }
    }
}

/// Compiles the tests of a tree and runs them.
pub(super) struct Bench<'a> {
    tree: &'a Tree,
}

impl<'a> Bench<'a> {
    pub(super) fn new(tree: &'a Tree) -> Self {
        Self { tree }
    }

    /// Runs these tests of a test binary.
    pub(super) async fn test(&self, package: &str, binary: Option<&str>, tests: &[String]) -> Result<Verdict> {
        let Some(compiled) = self.compile(package, binary).await? else {
            return Ok(Verdict::Uncompiled);
        };
        if binary != Some(END_TO_END) {
            return Ok(compiled.run(tests).await?.map_or(Verdict::Hung, |said| verdict(&said, tests)));
        }
        if self.program().await?.is_none() {
            return Ok(Verdict::Uncompiled);
        }
        // It takes one name at a time.
        let mut all = String::new();
        for test in tests {
            match compiled.run(std::slice::from_ref(test)).await? {
                Some(said) => all += &said,
                None => return Ok(Verdict::Hung),
            }
        }
        Ok(verdict(&all, tests))
    }

    /// The test binary, if it compiles.
    async fn compile(&self, package: &str, binary: Option<&str>) -> Result<Option<Compiled>> {
        let which = binary.map_or_else(|| vec!["--lib"], |binary| vec!["--test", binary]);
        let words = ["test", "--no-run", "--package", package];
        self.cargo(&[&words[..], &which].concat()).await
    }

    /// The program that the cases end to end run, if it compiles.
    async fn program(&self) -> Result<Option<Compiled>> {
        self.cargo(&["build", "--package", "trustpath-cli", "--bin", "trustpath"]).await
    }

    /// What cargo makes, if it compiles. What a mutant leaves unused is no mistake.
    async fn cargo(&self, words: &[&str]) -> Result<Option<Compiled>> {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(words).args(["--quiet", "--message-format=json"]);
        cargo.current_dir(self.tree.root()).env("CARGO_TARGET_DIR", self.tree.target()).stdin(Stdio::null());
        // Nobody looks for a mutant's lines: without them it is linked in half the time.
        cargo.env("CARGO_PROFILE_DEV_DEBUG", "none");
        let compiled = cargo.stderr(Stdio::inherit()).output().await.into_diagnostic()?;
        let messages = String::from_utf8_lossy(&compiled.stdout).into_owned();
        if !compiled.status.success() {
            messages.lines().filter_map(mistake).for_each(|mistake| eprintln!("{mistake}"));
            return Ok(None);
        }
        let compiled = messages.lines().filter_map(self::compiled).next_back();
        compiled.map(Some).ok_or_else(|| miette!("`cargo {}` makes nothing that runs", words.join(" ")))
    }
}

/// Why something does not compile, of a message of cargo's.
fn mistake(message: &str) -> Option<String> {
    let message: Value = serde_json::from_str(message).ok()?;
    let error = message["message"]["level"] == "error";
    error.then(|| message["message"]["rendered"].as_str().map(str::to_owned)).flatten()
}

/// What a message of cargo's says about a test binary.
fn compiled(message: &str) -> Option<Compiled> {
    let message: Value = serde_json::from_str(message).ok()?;
    let executable = PathBuf::from(message["executable"].as_str()?);
    let directory = PathBuf::from(message["manifest_path"].as_str()?).parent()?.to_owned();
    Some(Compiled { executable, directory })
}

/// What a test binary says of each of these tests.
fn verdict(output: &str, tests: &[String]) -> Verdict {
    let ended = |test: &String, how: &str| output.lines().any(|line| line == format!("test {test} ... {how}"));
    if tests.iter().all(|test| ended(test, "FAILED")) {
        Verdict::Red
    } else if tests.iter().all(|test| ended(test, "ok")) {
        Verdict::Green
    } else {
        Verdict::Mixed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(output: &str) -> Verdict {
        verdict(output, &["a::x".to_owned(), "b".to_owned()])
    }

    #[test]
    fn red_is_each_of_them() {
        assert_eq!(of("test a::x ... FAILED\ntest b ... FAILED\n"), Verdict::Red);
        assert_eq!(of("test a::x ... FAILED\ntest b ... ok\n"), Verdict::Mixed);
        assert_eq!(of("test a::x ... ok\ntest b ... ok\n"), Verdict::Green);
    }

    #[test]
    fn a_test_that_is_not_there_is_neither() {
        assert_eq!(of("test a::x ... FAILED\n"), Verdict::Mixed);
        assert_eq!(of("running 0 tests\n"), Verdict::Mixed);
    }
}
