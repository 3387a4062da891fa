//! The program under test, run as its users run it: a process, with an environment of its own.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::OnceLock,
};

use secrecy::ExposeSecret;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use trustpath_core::journal::Store;

use crate::{cargo::cargo, pair::Pair, proxy::Proxy};

/// A home of its own for one case: working directory, state, environment. Nothing of the caller's environment is in it.
pub struct Program {
    binary: PathBuf,
    home: TempDir,
    environment: Vec<(String, String)>,
}

/// What a run of the program came to.
#[derive(Debug, Clone)]
pub struct Ran {
    /// Its exit code; −1 when a signal ended it.
    pub code: i32,
    /// What it printed.
    pub stdout: String,
    /// What it said beside it.
    pub stderr: String,
}

impl From<std::process::Output> for Ran {
    fn from(output: std::process::Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ran {
    /// Whether it ended well; else what it said.
    ///
    /// # Errors
    /// Exit code and words.
    pub fn ended_well(self) -> Result<(), String> {
        if self.code == 0 { Ok(()) } else { Err(format!("exit code {}\n{}", self.code, self.stderr)) }
    }
}

impl Program {
    /// The program in an empty environment.
    pub fn bare() -> Self {
        Self::of(trustpath().to_owned())
    }

    /// Another program built on the same library, in an empty environment.
    pub fn of(binary: PathBuf) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let path = |name: &str| home.path().join(name).display().to_string();
        let environment = vec![
            ("PATH".into(), std::env::var("PATH").unwrap_or_default()),
            ("HOME".into(), path("")),
            ("TRUSTPATH_STATE_DIR".into(), path("state")),
        ];
        Self { binary, home, environment }
    }

    /// The program with the connections of a pair, the standard file, and the pair's overlay.
    pub fn on(pair: &Pair) -> Self {
        Self::bare().connected(pair).with_files(&[standard_file(), pair.overlay_file()])
    }

    /// With these graph files, of which the later win.
    #[must_use]
    pub fn with_files(self, files: &[PathBuf]) -> Self {
        let files: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
        self.with("TRUSTPATH_FILE", &files.join(":"))
    }

    /// With the connections of a pair.
    #[must_use]
    pub fn connected(self, pair: &Pair) -> Self {
        self.with("VAULT_ADDR", &pair.vault_address())
            .with("VAULT_CACERT", &pair.proxy_ca_file().display().to_string())
            .with("VAULT_TOKEN", pair.root_token().expose_secret())
            .with("KUBECONFIG", &pair.kubeconfig().display().to_string())
    }

    /// With a variable, in the place of an earlier one of its name.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Without a variable.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self
    }

    /// The directory that it runs in.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Where the journals of its runs lie, oldest first.
    pub fn journals(&self) -> Vec<PathBuf> {
        let store = Store::new(self.home().join("state"));
        let runs = store.runs().expect("a directory that can be listed");
        runs.iter().map(|run| store.path(run)).collect()
    }

    /// Where the one journal lies that there is.
    ///
    /// # Panics
    /// Where there is none, or another one.
    pub fn journal(&self) -> PathBuf {
        let mut journals = self.journals();
        assert_eq!(journals.len(), 1, "{journals:?}");
        journals.remove(0)
    }

    /// Writes a file into the directory that it runs in, and returns its path.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.home.path().join(name);
        std::fs::write(&path, text).expect("a file in a directory of our own");
        path
    }

    /// A command that is ready to run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).current_dir(self.home.path()).env_clear().envs(self.environment.iter().cloned());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Runs it to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().await.expect("the program starts").into()
    }

    /// Starts it, and returns once a proxy holds a request of it.
    ///
    /// # Panics
    /// When it ends before that.
    pub async fn until_held(&self, arguments: &[&str], proxy: &Proxy) -> Child {
        let mut child = self.command(arguments).spawn().expect("the program starts");
        let ended = tokio::select! {
            () = proxy.held() => None,
            ended = child.wait() => Some(ended.expect("it can be waited for")),
        };
        let Some(ended) = ended else { return child };
        let output = child.wait_with_output().await.expect("its words");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        panic!("trustpath {} ended with {ended} before a request was held: {said}", arguments.join(" "));
    }

    /// Runs it, and expects it to end well.
    ///
    /// # Panics
    /// When it does not.
    pub async fn ok(&self, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments).await;
        assert_eq!(ran.code, 0, "trustpath {}\n{}\n{}", arguments.join(" "), ran.stdout, ran.stderr);
        ran
    }

    /// Runs it, and expects it to end with this code.
    ///
    /// # Panics
    /// When it does not.
    pub async fn fails(&self, code: i32, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments).await;
        assert_eq!(ran.code, code, "trustpath {}\n{}\n{}", arguments.join(" "), ran.stdout, ran.stderr);
        ran
    }
}

/// The standard graph file of the project.
pub fn standard_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins.toml").canonicalize().expect("the standard file")
}

/// The program, built from this very tree.
pub fn trustpath() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("trustpath-cli", "trustpath"))
}

/// Builds a binary of this workspace with the profile of the running test, and returns where it lies.
///
/// `TRUSTPATH_TEST_BUILT` names the directory into which all of the workspace has just been built, as `cargo xtask test`
/// does: a package that is built alone has other features in its dependencies, which would all be compiled once more.
pub fn build(package: &str, binary: &str) -> PathBuf {
    if let Some(built) = std::env::var_os("TRUSTPATH_TEST_BUILT") {
        return PathBuf::from(built).join(binary);
    }
    compile(package, binary);
    let test = std::env::current_exe().expect("a running test");
    let profile = test.ancestors().find(|path| path.ends_with("debug")).expect("a test of the debug profile");
    profile.join(binary)
}

fn compile(package: &str, binary: &str) {
    let built = cargo(&["build", "--quiet", "--package", package, "--bin", binary]).status().expect("cargo runs");
    assert!(built.success(), "{package} does not build");
}
