//! Compiling the tests of the copy, and running some of them.

use std::{fmt, io::BufRead as _, path::PathBuf, process::Stdio, time::Duration};

use miette::{IntoDiagnostic, Result, miette};
use serde_json::Value;
use tokio::{process::Command, time::timeout};
use trustpath_provision::workspace;
use trustpath_tests::{
    cargo::{END_TO_END, cargo},
    pair::Which,
};

use super::tree::Tree;

/// The program that those cases run.
const PROGRAM: &str = "trustpath";

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
    /// Where the program lies that the cases end to end run.
    program: Option<PathBuf>,
}

impl Compiled {
    /// Runs these tests, and returns what was said of them; `None` where they do not end.
    async fn run(&self, tests: &[String]) -> Result<Option<String>> {
        let mut run = Command::new(&self.executable);
        // With one thread alone, what a case itself prints comes between its name and what became of it.
        run.args(tests).args(["--exact", "--test-threads=2"]).kill_on_drop(true);
        run.current_dir(&self.directory).stdin(Stdio::null());
        // For the cases end to end: the servers are those of the checkout, the program is the tree's.
        run.env("CARGO_TARGET_DIR", workspace::target()).env("TRUSTPATH_TEST_PAIRS", Which::SANDBOX.name());
        run.envs(self.program.iter().map(|directory| ("TRUSTPATH_TEST_BUILT", directory)));
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

    /// The test binary, if it compiles. What a mutant leaves unused is no mistake.
    async fn compile(&self, package: &str, binary: Option<&str>) -> Result<Option<Compiled>> {
        let mut cargo = Command::from(cargo(&words(package, binary)));
        cargo.args(["--quiet", "--message-format=json"]);
        cargo.current_dir(self.tree.root()).env("CARGO_TARGET_DIR", self.tree.target()).stdin(Stdio::null());
        // No one looks for a mutant's lines: without them it is linked in half the time. It also tells what is made of the
        // tree from what is made of the checkout, beside which it lies: what both depend on is compiled once.
        cargo.env("CARGO_PROFILE_DEV_DEBUG", "none").env("CARGO_BUILD_BUILD_DIR", workspace::target());
        let compiled = cargo.stderr(Stdio::inherit()).output().await.into_diagnostic()?;
        let messages: Vec<Value> =
            compiled.stdout.lines().map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok()).collect();
        if !compiled.status.success() {
            messages.iter().filter_map(mistake).for_each(|mistake| eprintln!("{mistake}"));
            return Ok(None);
        }
        made(&messages)
            .map(Some)
            .ok_or_else(|| miette!("`cargo {}` makes nothing that runs", words(package, binary).join(" ")))
    }
}

/// What cargo is to compile. A test binary is named without its package: so dependencies have the features that all of the
/// workspace needs, as where it is built as a whole.
fn words<'a>(package: &'a str, binary: Option<&'a str>) -> Vec<&'a str> {
    match binary {
        None => vec!["test", "--no-run", "--package", package, "--lib"],
        Some(END_TO_END) => vec!["build", "--test", END_TO_END, "--bin", PROGRAM],
        Some(binary) => vec!["build", "--test", binary],
    }
}

/// Why something does not compile, of a message of cargo's.
fn mistake(message: &Value) -> Option<&str> {
    let error = message["message"]["level"] == "error";
    error.then(|| message["message"]["rendered"].as_str()).flatten()
}

/// The test binary that messages of cargo's speak of, and the program beside it.
fn made(messages: &[Value]) -> Option<Compiled> {
    let executable = |message: &Value| message["executable"].as_str().map(PathBuf::from);
    let is_test = |message: &&Value| message["profile"]["test"] == true && message["executable"].is_string();
    let test = messages.iter().rfind(is_test)?;
    let directory = PathBuf::from(test["manifest_path"].as_str()?).parent()?.to_owned();
    let program = messages.iter().filter(|message| message["target"]["name"] == PROGRAM).find_map(executable);
    let program = program.and_then(|program| Some(program.parent()?.to_owned()));
    Some(Compiled { executable: executable(test)?, directory, program })
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
