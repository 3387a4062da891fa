use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, process::Command};

use super::certificates::Certificates;
use crate::{Error, Result, process};

/// OpenBao's own command line as a client of one server. Secrets go by stdin and the environment.
pub(super) struct Client {
    program: PathBuf,
    home: PathBuf,
    address: String,
    certificates: Option<Certificates>,
}

impl Client {
    pub(super) fn new(program: PathBuf, home: &Path, port: u16, certificates: Option<Certificates>) -> Self {
        let scheme = if certificates.is_some() { "https" } else { "http" };
        Self { program, home: home.to_owned(), address: format!("{scheme}://127.0.0.1:{port}"), certificates }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn certificates(&self) -> Option<&Certificates> {
        self.certificates.as_ref()
    }

    /// Initialises the server with one unseal key; returns that key and the root token.
    pub(super) async fn initialise(&self) -> Result<(SecretString, SecretString)> {
        let arguments = ["operator", "init", "-format=json", "-key-shares=1", "-key-threshold=1"];
        let answer = self.run(&arguments, None, None).await?;
        let secret = |at: &str| match answer.pointer(at).and_then(Value::as_str) {
            Some(secret) => Ok(SecretString::from(secret)),
            None => Err(Error::Unexpected { what: "bao operator init".into(), why: format!("there is no {at}") }),
        };
        Ok((secret("/unseal_keys_b64/0")?, secret("/root_token")?))
    }

    pub(super) async fn unseal(&self, key: &SecretString) -> Result<()> {
        let body = json!({ "key": key.expose_secret() }).to_string();
        let answer = self.run(&["write", "-format=json", "sys/unseal", "-"], None, Some(&body)).await?;
        match answer.pointer("/data/sealed") {
            Some(Value::Bool(false)) => Ok(()),
            _ => Err(Error::Unexpected { what: "bao write sys/unseal".into(), why: "it is still sealed".into() }),
        }
    }

    /// Waits until the token is known: an unsealed server is not active at once.
    pub(super) async fn wait_active(&self, token: &SecretString, deadline: Duration) -> Result<()> {
        let begin = Instant::now();
        loop {
            match self.run(&["token", "lookup", "-format=json"], Some(token), None).await {
                Err(Error::Ended { .. }) if begin.elapsed() < deadline => {}
                done => return done.map(drop),
            }
        }
    }

    async fn run(&self, arguments: &[&str], token: Option<&SecretString>, stdin: Option<&str>) -> Result<Value> {
        let what = format!("bao {}", arguments.join(" "));
        let output = self.output(arguments, token, stdin).await.map_err(Error::io(format!("run {what}")))?;
        let printed = process::printed(&what, output.status, output.stdout, &output.stderr)?;
        serde_json::from_slice(&printed)
            .map_err(|error| Error::Unexpected { what, why: format!("no JSON, at line {}", error.line()) })
    }

    async fn output(
        &self,
        arguments: &[&str],
        token: Option<&SecretString>,
        stdin: Option<&str>,
    ) -> std::io::Result<std::process::Output> {
        let mut child = self
            .command(token)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        if let Some(mut pipe) = child.stdin.take() {
            pipe.write_all(stdin.unwrap_or_default().as_bytes()).await?;
        }
        child.wait_with_output().await
    }

    fn command(&self, token: Option<&SecretString>) -> Command {
        let mut command = process::command(&self.program);
        command.env("HOME", &self.home).env("BAO_ADDR", &self.address);
        if let Some(token) = token {
            command.env("BAO_TOKEN", token.expose_secret());
        }
        if let Some(certificates) = &self.certificates {
            command
                .env("BAO_CACERT", &certificates.ca)
                .env("BAO_TLS_SERVER_NAME", &certificates.name)
                .env("BAO_CLIENT_CERT", &certificates.client.certificate)
                .env("BAO_CLIENT_KEY", &certificates.client.key);
        }
        Command::from(command)
    }
}
