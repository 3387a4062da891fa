//! Where Vault is and how to talk to it, as users of its command line say it.

use std::path::PathBuf;

use secrecy::SecretString;
use trustpath_core::{Class, Problem, Result, run::LONGEST};
use url::Url;

use super::{
    headers::{HeaderTexts, headers},
    setting_problem::unusable,
    variables::left_out,
};
use crate::{
    Connections, Environment, Heard,
    duration::duration,
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
    /// Files of the command lines' own that may name a token helper; the first that does counts.
    pub(super) cli_configs: Vec<PathBuf>,
    pub(super) namespace: Option<String>,
    pub(super) cluster_id: Option<String>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) ca_pem: Option<String>,
    pub(super) ca_directory: Option<PathBuf>,
    pub(super) client_certificate: Option<(Pem, Pem)>,
    pub(super) server_name: Option<String>,
    pub(super) verify: bool,
    pub(super) proxy: Option<SecretString>,
    pub(super) headers: HeaderTexts,
    /// The socket of an agent, in the place of host and port.
    pub(super) socket: Option<PathBuf>,
}

/// A text in PEM, or the file with it.
#[derive(Debug, Clone)]
pub(super) enum Pem {
    Text(SecretString),
    File(PathBuf),
}

impl VaultSettings {
    /// What the environment and the graph file say. Pure: the files that they name are read when Vault is opened.
    ///
    /// It reads the variables of Vault's command line and their `BAO_` twins, and those that are common for proxies:
    /// `docs/connections.md` has them all, and [`super::variables::LEFT_OUT`] those that it only names.
    ///
    /// # Errors
    /// When there is no address, a value cannot be used, or two that should agree do not.
    pub fn from(environment: &Environment, connections: &Connections) -> Result<Self> {
        let (address, socket) = address(environment)?;
        let verify = !flag(environment, "SKIP_VERIFY")?;
        let path = |name| Ok::<_, Problem>(environment.vault(name)?.map(PathBuf::from));
        let home = |name| environment.home().map(|home| home.join(name));
        let unsafe_ways = warnings(&address, verify);
        Ok(Self {
            limits: limits(environment)?,
            fence: Fence::default(),
            heard: Heard::default(),
            warnings: unsafe_ways.into_iter().chain(left_out(environment)).collect(),
            token: token(environment)?,
            token_file: path("TOKEN_PATH")?.or_else(|| home(".vault-token")),
            cli_configs: match path("CONFIG_PATH")? {
                Some(path) => vec![path],
                None => [home(".vault"), home(".bao")].into_iter().flatten().collect(),
            },
            namespace: namespace(environment, connections)?,
            cluster_id: connections.vault.cluster_id.clone(),
            ca_file: path("CACERT")?,
            ca_pem: environment.vault("CACERT_BYTES")?.map(str::to_owned),
            ca_directory: path("CAPATH")?,
            client_certificate: client_certificate(pem(environment, "CLIENT_CERT")?, pem(environment, "CLIENT_KEY")?)?,
            server_name: environment.vault("TLS_SERVER_NAME")?.map(str::to_owned),
            verify,
            proxy: proxy::of_vault(environment, &address)?,
            headers: headers(environment, &connections.vault.headers)?,
            socket,
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

/// Where requests go: an agent's address has precedence (`vault/api` 1.22, `NewClient`). Over a socket HTTP is spoken.
fn address(environment: &Environment) -> Result<(Url, Option<PathBuf>), Problem> {
    let set = environment.vault("AGENT_ADDR")?.or(environment.vault("ADDR")?);
    let text = set.ok_or_else(no_address)?.trim();
    let socket = text.strip_prefix("unix://").filter(|path| path.starts_with('/')).map(PathBuf::from);
    let text = if socket.is_some() { "http://localhost" } else { text };
    let url = Url::parse(text).map_err(|error| bad_address(&error.to_string()))?;
    match url.scheme() {
        "http" | "https" if url.host().is_none() => Err(bad_address("it names no host")),
        "http" | "https" if !url.username().is_empty() || url.password().is_some() => {
            Err(bad_address("it holds a user or a password"))
        }
        "http" | "https" => Ok((url, socket)),
        "unix" => Err(bad_address("a socket's path begins with a slash")),
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
        .help("it looks like https://vault.example.com:8200; VAULT_AGENT_ADDR, where it is set, is taken in its place")
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

/// A file, or else the text itself, which OpenBao alone reads (`openbao/api/v2` 2.7).
fn pem(environment: &Environment, name: &str) -> Result<Option<Pem>, Problem> {
    let text = environment.vault(&format!("{name}_BYTES"))?.map(|text| Pem::Text(SecretString::from(text)));
    Ok(environment.vault(name)?.map(|path| Pem::File(PathBuf::from(path))).or(text))
}

fn client_certificate(certificate: Option<Pem>, key: Option<Pem>) -> Result<Option<(Pem, Pem)>, Problem> {
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
