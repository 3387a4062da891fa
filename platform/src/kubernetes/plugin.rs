//! A credential plugin, run as kubectl runs it (client-go v0.37.2, `plugin/pkg/client/auth/exec/exec.go`).

use std::{
    io::IsTerminal as _,
    process::{Output, Stdio},
    time::Duration,
};

use jiff::Timestamp;
use kube::config::{ExecConfig, ExecInteractiveMode};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::{process::Command, time::timeout};
use trustpath_core::{Class, Problem};

use super::kubeconfig::yaml;
use crate::{hide::Secrets, text::clean};

/// The variables that hold credentials of Vault's, which are none of a credential plugin's business.
const OF_VAULT: [&str; 9] = [
    "VAULT_TOKEN",
    "BAO_TOKEN",
    "VAULT_PROXY_ADDR",
    "BAO_PROXY_ADDR",
    "VAULT_HTTP_PROXY",
    "BAO_HTTP_PROXY",
    "VAULT_HEADERS",
    "VAULT_CLIENT_KEY_BYTES",
    "BAO_CLIENT_KEY_BYTES",
];
/// The versions that kubectl speaks with a plugin.
const VERSIONS: [&str; 2] = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];
/// What the name of an option with a secret behind it has in it.
const SECRET: [&str; 4] = ["secret", "password", "token", "key"];

/// What a plugin made.
pub(super) struct Made {
    pub(super) token: Option<SecretString>,
    /// A certificate and its key in PEM.
    pub(super) certificate: Option<(String, SecretString)>,
    pub(super) expires: Option<Timestamp>,
}

/// Runs it. Where it talks with the user, it takes its time.
pub(super) async fn run(exec: &ExecConfig, limit: Duration) -> Result<Made, Problem> {
    let name = clean(exec.command.as_deref().unwrap_or_default());
    let version = exec.api_version.as_deref().unwrap_or_default();
    if !VERSIONS.contains(&version) {
        let why = format!("its apiVersion is `{}`, and kubectl takes {}", clean(version), VERSIONS.join(" and "));
        return Err(failed(&name, &why));
    }
    let interactive = is_interactive(exec, &name)?;
    let output = command(exec, interactive).output();
    let output = match interactive {
        true => output.await,
        false => timeout(limit, output).await.map_err(|_| late(&name, limit))?,
    };
    let output = output.map_err(|error| missing(&name, exec).because(error))?;
    match output.status.success() {
        true => made(&output.stdout, version).map_err(|why| failed(&name, &why)),
        false => Err(failed(&name, &said(exec, &output, interactive))),
    }
}

/// With the terminal of the user, where there is one and the plugin wants it.
fn is_interactive(exec: &ExecConfig, name: &str) -> Result<bool, Problem> {
    let terminal = std::io::stdin().is_terminal();
    match exec.interactive_mode {
        Some(ExecInteractiveMode::Never) => Ok(false),
        Some(ExecInteractiveMode::Always) if !terminal => {
            Err(failed(name, "its interactiveMode is `Always`, and standard input is no terminal"))
        }
        _ => Ok(terminal),
    }
}

fn command(exec: &ExecConfig, interactive: bool) -> Command {
    let spec = json!({ "interactive": interactive });
    let mut info = json!({ "kind": "ExecCredential", "apiVersion": exec.api_version, "spec": spec });
    if let Some(cluster) = &exec.cluster {
        info["spec"]["cluster"] = json!(cluster);
    }
    let mut command = Command::new(exec.command.as_deref().unwrap_or_default());
    for name in OF_VAULT {
        command.env_remove(name);
    }
    let variables =
        exec.env.iter().flatten().filter_map(|variable| Some((variable.get("name")?, variable.get("value"))));
    command
        .args(exec.args.iter().flatten())
        .envs(variables.map(|(name, value)| (name, value.map_or("", |value| value))));
    command.env("KUBERNETES_EXEC_INFO", info.to_string()).kill_on_drop(true);
    if interactive {
        command.stdin(Stdio::inherit()).stderr(Stdio::inherit());
    } else {
        command.stdin(Stdio::null());
    }
    command
}

/// What it complains of, without what it was given. What it writes on its standard output is a credential, and stays unseen.
fn said(exec: &ExecConfig, output: &Output, interactive: bool) -> String {
    let words = held(exec).hide(&clean(&String::from_utf8_lossy(&output.stderr)));
    match words.as_str() {
        "" if interactive => format!("{}, as it says above", output.status),
        "" => format!("{}, and it says nothing", output.status),
        words => format!("{}: {words}", output.status),
    }
}

/// What it is given that may be a secret: its variables, and what follows an option with a telling name.
pub(super) fn held(exec: &ExecConfig) -> Secrets {
    let variables = exec.env.iter().flatten().filter_map(|variable| variable.get("value"));
    let held = variables.fold(Secrets::default(), |held, value| held.and(value));
    let arguments: Vec<_> = exec.args.iter().flatten().collect();
    let next = arguments.iter().skip(1).map(|next| next.as_str()).chain([""]);
    let options = arguments.iter().zip(next).filter(|(option, _)| option.starts_with('-'));
    let named = options.map(|(option, next)| option.split_once('=').unwrap_or((option, next)));
    let secret = |name: &str| SECRET.iter().any(|part| name.to_lowercase().contains(part));
    named.filter(|(name, _)| secret(name)).fold(held, |held, (_, value)| held.and(value))
}

fn made(output: &[u8], version: &str) -> Result<Made, String> {
    let (answer, _) = yaml(output).map_err(|at| format!("its answer is no ExecCredential{at}"))?;
    if answer["kind"] != "ExecCredential" || answer["apiVersion"] != version {
        return Err(format!("its answer is no ExecCredential of {version}"));
    }
    let status = |key: &str| answer["status"][key].as_str().filter(|text| !text.is_empty());
    let certificate = match (status("clientCertificateData"), status("clientKeyData")) {
        (Some(certificate), Some(key)) => Some((certificate.to_owned(), SecretString::from(key))),
        (None, None) => None,
        _ => return Err("its answer has a certificate or a key, and not both".to_owned()),
    };
    let token = status("token").map(SecretString::from);
    if token.is_none() && certificate.is_none() {
        return Err("its answer has neither a token nor a certificate".to_owned());
    }
    let expires = match &answer["status"]["expirationTimestamp"] {
        Value::Null => None,
        time => Some(time.as_str().and_then(|time| time.parse().ok()).ok_or("its expirationTimestamp is no time")?),
    };
    Ok(Made { token, certificate, expires })
}

fn failed(name: &str, why: &str) -> Problem {
    no_credentials(Class::Denied, format!("the credential plugin `{name}` failed: {why}"))
        .help("run the command under `exec` in the kubeconfig by hand, or log in again")
}

/// kubectl shows the hint in the same case.
fn missing(name: &str, exec: &ExecConfig) -> Problem {
    let hint = exec.install_hint.as_deref().map(clean);
    no_credentials(Class::Denied, format!("the credential plugin `{name}` cannot be started: is it installed?")).help(
        hint.unwrap_or_else(|| "install it, or write its path as `command` under `exec` in the kubeconfig".to_owned()),
    )
}

fn late(name: &str, limit: Duration) -> Problem {
    let message = format!("the credential plugin `{name}` did not answer within {} s", limit.as_secs_f32());
    no_credentials(Class::Timeout, message).help("run the command under `exec` in the kubeconfig by hand")
}

pub(super) fn no_credentials(class: Class, why: impl AsRef<str>) -> Problem {
    let message = format!("there are no Kubernetes credentials: {}", why.as_ref());
    Problem::new(class, "trustpath::kubernetes::credentials", message)
}
