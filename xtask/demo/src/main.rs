//! `cargo xtask demo`: the whole of it on servers of its own.
//!
//! It is built with the program and the sandbox, and with nothing of the test harness: it is what a fresh clone waits for.

use std::{
    env, fs,
    io::IsTerminal as _,
    process::{Command, Stdio},
    time::Instant,
};

use miette::{IntoDiagnostic as _, Result, miette};
use secrecy::ExposeSecret as _;
use tempfile::TempDir;
use trustpath_provision::{binary, workspace};
use trustpath_sandbox::Sandbox;

/// What is shown, and the exit code that each has to end with.
const SHOWN: [(&[&str], i32); 5] = [
    (&["plan", "--detailed-exitcode"], 2),
    (&["apply", "--yes"], 0),
    (&["verify"], 0),
    (&["plan", "--detailed-exitcode"], 0),
    (&["destroy", "--yes"], 0),
];

/// Vault runs outside of the cluster, so it needs a reviewer: the step of the README.
const REVIEWER: &str = "\
[steps.token-reviewer]
uses = \"token-reviewer\"
needs = [\"service-account\"]
with = { name = \"vault-token-reviewer\" }

[steps.kubernetes-auth]
needs = [\"token-reviewer\"]
";

#[tokio::main]
async fn main() -> Result<()> {
    binary::openbao(&|what| eprintln!("==> {what}"))?;
    println!("Starting a Kubernetes API in this process and an OpenBao beside it …");
    let begun = Instant::now();
    let sandbox = Sandbox::start().await.into_diagnostic()?;
    let home = Home::new(&sandbox).into_diagnostic()?;
    for (arguments, expected) in SHOWN {
        println!("\n$ trustpath {}", arguments.join(" "));
        let mut command = home.command(&sandbox, arguments)?;
        let status =
            tokio::task::spawn_blocking(move || command.status()).await.into_diagnostic()?.into_diagnostic()?;
        if status.code() != Some(expected) {
            return Err(miette!("`trustpath {}` ended with {status}, not with {expected}", arguments.join(" ")));
        }
    }
    println!("\nShown in {:.1} s; both servers are gone again.", begun.elapsed().as_secs_f64());
    Ok(())
}

/// Where the program finds what it needs: a kubeconfig, the reviewer, a state directory.
struct Home(TempDir);

impl Home {
    fn new(sandbox: &Sandbox) -> std::io::Result<Self> {
        let home = tempfile::tempdir()?;
        fs::write(home.path().join("kubeconfig"), sandbox.kubernetes().kubeconfig())?;
        fs::write(home.path().join("reviewer.toml"), REVIEWER)?;
        Ok(Self(home))
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// The program, which was built beside this one, in an environment that holds nothing else of the caller's.
    fn command(&self, sandbox: &Sandbox, arguments: &[&str]) -> Result<Command> {
        let program = env::current_exe().into_diagnostic()?.with_file_name("trustpath");
        let mut command = Command::new(program);
        command.args(arguments).env_clear().stdin(Stdio::null());
        for name in ["PATH", "HOME", "TERM", "NO_COLOR", "LANG"] {
            command.envs(env::var_os(name).map(|value| (name, value)));
        }
        if std::io::stdout().is_terminal() {
            command.args(["--color", "always"]);
        }
        command
            .env("VAULT_ADDR", sandbox.openbao().address())
            .env("VAULT_TOKEN", sandbox.openbao().root_token().expose_secret())
            .env("KUBECONFIG", self.path("kubeconfig"))
            .env("TRUSTPATH_FILE", [standard_file(), self.path("reviewer.toml")].join(":"))
            .env("TRUSTPATH_STATE_DIR", self.path("state"));
        Ok(command)
    }
}

fn standard_file() -> String {
    workspace::root().join("plugins.toml").display().to_string()
}
