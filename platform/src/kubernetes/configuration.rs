//! The kubeconfig, or the files of a pod, as kube's configuration.

use std::net::Ipv6Addr;

use http::{HeaderValue, header::USER_AGENT};
use kube::config::{AuthInfo, Config, KubeConfigOptions, Kubeconfig, KubeconfigError};
use secrecy::ExposeSecret as _;
use trustpath_core::{Class, Problem, nearest};
use url::Url;

use super::KubernetesSettings;
use crate::{hide::Secrets, proxy, text::clean};

/// The variables that hold credentials of Vault's, which are none of a credential plugin's business.
const OF_VAULT: [&str; 6] =
    ["VAULT_TOKEN", "BAO_TOKEN", "VAULT_PROXY_ADDR", "BAO_PROXY_ADDR", "VAULT_HTTP_PROXY", "BAO_HTTP_PROXY"];

/// Reads what the settings name. A kubeconfig has precedence over the files of a pod.
pub(super) async fn read(settings: &KubernetesSettings) -> Result<Config, Problem> {
    let mut configuration = match kubeconfig(settings)? {
        Some(kubeconfig) => from_kubeconfig(kubeconfig, settings).await?,
        None => in_pod(settings)?,
    };
    configuration.default_retry = false;
    configuration.connect_timeout = Some(settings.limits.connect);
    configuration.read_timeout = Some(settings.limits.total);
    configuration.write_timeout = Some(settings.limits.total);
    configuration.reset_reader_on_write = true;
    configuration.headers.push((USER_AGENT, HeaderValue::from_static(crate::USER_AGENT)));
    Ok(configuration)
}

/// The files merged, the first to say something wins; `None` when there is none and none was named.
fn kubeconfig(settings: &KubernetesSettings) -> Result<Option<Kubeconfig>, Problem> {
    let mut merged: Option<Kubeconfig> = None;
    for file in &settings.files {
        if !settings.named && !file.exists() {
            continue;
        }
        let place = file.display().to_string();
        let one = Kubeconfig::read_from(file).map_err(|error| unusable(&error, &place))?;
        merged = Some(match merged {
            Some(before) => before.merge(one).map_err(|error| unusable(&error, &place))?,
            None => one,
        });
    }
    Ok(merged)
}

async fn from_kubeconfig(kubeconfig: Kubeconfig, settings: &KubernetesSettings) -> Result<Config, Problem> {
    let contexts: Vec<_> = kubeconfig.contexts.iter().map(|context| context.name.clone()).collect();
    if let Some(context) = settings.context.as_ref().filter(|context| !contexts.contains(context)) {
        return Err(no_context(context, &contexts));
    }
    let options = KubeConfigOptions { context: settings.context.clone(), ..KubeConfigOptions::default() };
    let proxy = cluster_proxy(&kubeconfig, settings);
    let loaded = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    let mut configuration = loaded.map_err(|error| unusable(&error, "the kubeconfig"))?;
    if configuration.cluster_url.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(credentials_in_url());
    }
    keep_from_plugin(&mut configuration.auth_info);
    // kube matches NO_PROXY against the proxy instead of the API server, and reads the variables by itself.
    let url = Url::parse(&configuration.cluster_url.to_string()).ok();
    let common = || proxy::common(&settings.environment, url.as_ref()?).map(str::to_owned);
    let proxy = proxy.or_else(common).map(|proxy| proxy.parse());
    configuration.proxy_url = proxy.transpose().map_err(|_| bad_proxy())?;
    Ok(configuration)
}

/// A plugin inherits the environment, but for Vault's credentials. What the kubeconfig itself sets for it stays.
fn keep_from_plugin(auth: &mut AuthInfo) {
    let Some(exec) = &mut auth.exec else { return };
    let set = exec.env.iter().flatten().filter_map(|variable| variable.get("name"));
    let set: Vec<_> = set.cloned().collect();
    let others = OF_VAULT.into_iter().filter(|name| !set.iter().any(|set| set == name)).map(str::to_owned);
    exec.drop_env.get_or_insert_default().extend(others);
}

/// What a configuration says of credentials.
pub(super) fn held(configuration: &Config) -> Secrets {
    let auth = &configuration.auth_info;
    let secrets = [&auth.token, &auth.password, &auth.client_key_data].into_iter().flatten();
    let held = secrets.fold(Secrets::default(), |held, secret| held.and(secret.expose_secret()));
    let variables = auth.exec.iter().flat_map(|exec| exec.env.iter().flatten());
    let held = variables.filter_map(|variable| variable.get("value")).fold(held, |held, value| held.and(value));
    configuration.proxy_url.iter().fold(held, |held, proxy| held.and_of_url(&proxy.to_string()))
}

/// The `proxy-url` that the kubeconfig gives the context's cluster.
fn cluster_proxy(kubeconfig: &Kubeconfig, settings: &KubernetesSettings) -> Option<String> {
    let context = settings.context.as_ref().or(kubeconfig.current_context.as_ref())?;
    let context = kubeconfig.contexts.iter().find(|named| &named.name == context)?.context.as_ref()?;
    let cluster = kubeconfig.clusters.iter().find(|named| named.name == context.cluster)?.cluster.as_ref()?;
    cluster.proxy_url.clone().filter(|proxy| !proxy.is_empty())
}

fn in_pod(settings: &KubernetesSettings) -> Result<Config, Problem> {
    let (host, port) = settings.in_cluster.as_ref().ok_or_else(no_configuration)?;
    if let Some(context) = &settings.context {
        return Err(no_context(context, &[]));
    }
    let mut configuration = Config::incluster_dns().map_err(|error| {
        let message = "the ServiceAccount files of this pod cannot be used";
        Problem::new(Class::Config, "trustpath::kubernetes::pod", message)
            .because(error)
            .help("see whether the pod mounts its ServiceAccount's token, or set KUBECONFIG")
    })?;
    let host = if host.parse::<Ipv6Addr>().is_ok() { format!("[{host}]") } else { host.clone() };
    configuration.cluster_url = format!("https://{host}:{port}").parse().map_err(|_| no_configuration())?;
    Ok(configuration)
}

/// A kubeconfig holds secrets, and a parser's message quotes what it reads: only the place is shown.
fn unusable(error: &KubeconfigError, place: &str) -> Problem {
    let why = match error {
        KubeconfigError::Parse(parse) => match parse.location() {
            Some(at) => format!("it is no kubeconfig: line {}, column {}", at.line(), at.column()),
            None => "it is no kubeconfig".to_owned(),
        },
        KubeconfigError::CurrentContextNotSet => "it names no current context".to_owned(),
        other => clean(&other.to_string()),
    };
    Problem::new(Class::Config, "trustpath::kubernetes::kubeconfig", format!("{place} cannot be used: {why}")).help(
        "see `kubectl config view`; --context, or `context` under [connections.kubernetes], picks another context",
    )
}

fn no_context(context: &str, known: &[String]) -> Problem {
    let message = format!("the kubeconfig has no context `{}`", clean(context));
    Problem::new(Class::Config, "trustpath::kubernetes::context", message).help(nearest::hint(context, known))
}

fn no_configuration() -> Problem {
    let message = "there is no kubeconfig, and this is no pod";
    Problem::new(Class::Config, "trustpath::kubernetes::no_config", message)
        .help("set KUBECONFIG to a kubeconfig, or write one to ~/.kube/config")
}

/// The URL itself stays out of the message.
fn credentials_in_url() -> Problem {
    let message = "the kubeconfig's server holds a user or a password";
    Problem::new(Class::Config, "trustpath::kubernetes::kubeconfig", message)
        .help("write the credentials under `users`, and the server without them")
}

fn bad_proxy() -> Problem {
    let message = "the proxy for the Kubernetes API is no URL";
    Problem::new(Class::Config, "trustpath::kubernetes::proxy", message)
        .help("see `proxy-url` in the kubeconfig, and HTTPS_PROXY")
}
