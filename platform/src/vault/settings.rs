//! Where Vault is and how to talk to it, as users of its command line say it.

use std::path::PathBuf;

use secrecy::SecretString;
use trustpath_core::{Class, Problem, Result, run::LONGEST};
use url::Url;

use super::duration::duration;
use crate::{
    Connections, Environment, Heard,
    lock::Fence,
    proxy::{self, loopback},
    retry::Limits,
};

/// Where Vault is, and how to talk to it. Its `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct VaultSettings {
    /// Times and limits of requests.
    pub limits: Limits,
    /// What lets writes pass.
    pub fence: Fence,
    /// Who is told what the server warns of.
    pub heard: Heard,
    /// What the user should be told before anything is sent.
    pub warnings: Vec<String>,
    pub(super) address: Url,
    pub(super) token: Option<SecretString>,
    pub(super) token_file: Option<PathBuf>,
    pub(super) namespace: Option<String>,
    pub(super) cluster_id: Option<String>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) ca_directory: Option<PathBuf>,
    pub(super) client_certificate: Option<(PathBuf, PathBuf)>,
    pub(super) server_name: Option<String>,
    pub(super) verify: bool,
    pub(super) proxy: Option<SecretString>,
}

impl VaultSettings {
    /// What the environment and the graph file say. Pure: the files that they name are read when Vault is opened.
    ///
    /// It reads the variables of Vault's command line (and their `BAO_` twins): `VAULT_ADDR`, `VAULT_TOKEN`,
    /// `VAULT_NAMESPACE`, `VAULT_CACERT`, `VAULT_CAPATH`, `VAULT_CLIENT_CERT`, `VAULT_CLIENT_KEY`,
    /// `VAULT_TLS_SERVER_NAME`, `VAULT_SKIP_VERIFY`, `VAULT_CLIENT_TIMEOUT`, `VAULT_PROXY_ADDR`, `VAULT_HTTP_PROXY`,
    /// and `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`.
    ///
    /// # Errors
    /// When there is no address, a value cannot be used, or two that should agree do not.
    pub fn from(environment: &Environment, connections: &Connections) -> Result<Self> {
        let address = address(environment)?;
        let verify = !flag(environment, "SKIP_VERIFY")?;
        let path = |name| Ok::<_, Problem>(environment.vault(name)?.map(PathBuf::from));
        Ok(Self {
            limits: limits(environment)?,
            fence: Fence::default(),
            heard: Heard::default(),
            warnings: warnings(&address, verify),
            token: token(environment)?,
            token_file: environment.home().map(|home| home.join(".vault-token")),
            namespace: namespace(environment, connections)?,
            cluster_id: connections.vault.cluster_id.clone(),
            ca_file: path("CACERT")?,
            ca_directory: path("CAPATH")?,
            client_certificate: client_certificate(path("CLIENT_CERT")?, path("CLIENT_KEY")?)?,
            server_name: environment.vault("TLS_SERVER_NAME")?.map(str::to_owned),
            verify,
            proxy: proxy::of_vault(environment, &address)?,
            address,
        })
    }
}

/// The Vault namespace to work in; `None` is the root namespace.
///
/// # Errors
/// When environment and graph file name different ones.
pub fn namespace(environment: &Environment, connections: &Connections) -> Result<Option<String>> {
    let set = environment.vault("NAMESPACE")?.and_then(plain_namespace);
    let pinned = connections.vault.namespace.as_deref().map(plain_namespace);
    let namespace = match (set, pinned) {
        (Some(set), Some(pinned)) if Some(&set) != pinned.as_ref() => {
            let pinned = pinned.as_deref().unwrap_or("root");
            return Err(pinned_elsewhere(&set, pinned).into());
        }
        (Some(set), _) => Some(set),
        (None, pinned) => pinned.flatten(),
    };
    match &namespace {
        Some(name) if !name.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Err(unusable("VAULT_NAMESPACE").help("a namespace is a path of plain names, such as team/a").into())
        }
        _ => Ok(namespace),
    }
}

/// A namespace without the slashes around it, which mean nothing; the root namespace has no name.
fn plain_namespace(name: &str) -> Option<String> {
    let name = name.trim().trim_matches('/');
    (!name.is_empty() && name != "root").then(|| name.to_owned())
}

fn pinned_elsewhere(set: &str, pinned: &str) -> Problem {
    let message = format!("VAULT_NAMESPACE is `{set}`, and the graph file pins the Vault namespace `{pinned}`");
    Problem::new(Class::Refused, "trustpath::vault::pinned", message)
        .help("unset VAULT_NAMESPACE, or change `namespace` under [connections.vault]")
}

fn address(environment: &Environment) -> Result<Url, Problem> {
    let text = environment.vault("ADDR")?.ok_or_else(no_address)?;
    let url = Url::parse(text.trim()).map_err(|error| bad_address(&error.to_string()))?;
    match url.scheme() {
        "http" | "https" if url.host().is_none() => Err(bad_address("it names no host")),
        "http" | "https" if !url.username().is_empty() || url.password().is_some() => {
            Err(bad_address("it holds a user or a password"))
        }
        "http" | "https" => Ok(url),
        other => Err(bad_address(&format!("`{other}` is no scheme that Vault speaks here"))),
    }
}

fn no_address() -> Problem {
    Problem::new(Class::Config, "trustpath::vault::no_address", "there is no Vault address: VAULT_ADDR is not set")
        .help("export VAULT_ADDR=https://vault.example.com:8200")
}

/// The value stays out of the message: it may hold a password.
fn bad_address(why: &str) -> Problem {
    Problem::new(Class::Config, "trustpath::vault::address", format!("VAULT_ADDR is no address of a Vault: {why}"))
        .help("it looks like https://vault.example.com:8200")
}

fn token(environment: &Environment) -> Result<Option<SecretString>, Problem> {
    environment.vault("TOKEN")?.map(|text| usable_token(text, "VAULT_TOKEN")).transpose().map(Option::flatten)
}

/// A token that can go into a header; `None` when there is nothing but white space.
pub(super) fn usable_token(text: &str, origin: &str) -> Result<Option<SecretString>, Problem> {
    let token = text.trim();
    if token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok((!token.is_empty()).then(|| SecretString::from(token)));
    }
    let message = format!("the token in {origin} holds a line break, a space or a control character");
    Err(Problem::new(Class::Config, "trustpath::vault::token", message).help("set it to the token and nothing else"))
}

fn client_certificate(
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
) -> Result<Option<(PathBuf, PathBuf)>, Problem> {
    match (certificate, key) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => Ok(Some((certificate, key))),
        (certificate, _) => {
            let (is, lacks) = match certificate {
                Some(_) => ("VAULT_CLIENT_CERT", "VAULT_CLIENT_KEY"),
                None => ("VAULT_CLIENT_KEY", "VAULT_CLIENT_CERT"),
            };
            let message = format!("{is} is set, and {lacks} is not");
            let problem = Problem::new(Class::Config, "trustpath::vault::client_certificate", message);
            Err(problem.help("a client certificate needs both files"))
        }
    }
}

/// A boolean as Go's `strconv.ParseBool` reads it, which Vault uses.
fn flag(environment: &Environment, name: &str) -> Result<bool, Problem> {
    match environment.vault(name)? {
        None | Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
        Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(true),
        Some(_) => Err(unusable(&format!("VAULT_{name}")).help("use true or false")),
    }
}

fn limits(environment: &Environment) -> Result<Limits, Problem> {
    let Some(text) = environment.vault("CLIENT_TIMEOUT")? else {
        return Ok(Limits::default());
    };
    let total = duration(text.trim()).filter(|total| !total.is_zero() && *total <= LONGEST).ok_or_else(|| {
        unusable("VAULT_CLIENT_TIMEOUT").help("use seconds, or a duration such as 90s, 1m30s or 1.5h, up to 24h")
    })?;
    Ok(Limits { total, ..Limits::default() })
}

fn unusable(name: &str) -> Problem {
    Problem::new(Class::Config, "trustpath::vault::setting", format!("the value of {name} cannot be used"))
}

fn warnings(address: &Url, verify: bool) -> Vec<String> {
    let mut warnings = Vec::new();
    if !verify {
        warnings.push("VAULT_SKIP_VERIFY is set: anybody on the way to Vault can read the token".to_owned());
    }
    if address.scheme() == "http" && !loopback(address) {
        warnings.push(format!("the Vault token goes to {} unencrypted", address.host_str().unwrap_or_default()));
    }
    warnings
}
