//! The kubeconfig, or the files of a pod, as kube's configuration.

use std::net::Ipv6Addr;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderValue, Uri, header::USER_AGENT};
use kube::config::{AuthInfo, Cluster, Config};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use secrecy::ExposeSecret as _;
use trustpath_core::{Class, Problem};
use url::Url;

use super::{
    KubernetesSettings,
    client::ClientPem,
    kubeconfig::{ChosenContext, MergedKubeconfig, no_such_context, unusable},
    plugin,
};
use crate::{hide::Secrets, proxy, text::clean};

/// Reads what the settings name, and what the user should be told. A kubeconfig has precedence over the files of a pod.
pub(super) fn read(settings: &KubernetesSettings) -> Result<(Config, Vec<String>), Problem> {
    let merged = MergedKubeconfig::read(settings)?;
    let (mut configuration, warnings) = match merged.is_empty() {
        true => (in_pod(settings, &merged.warnings)?, merged.warnings),
        false => from_kubeconfig(merged.choose(settings.context.as_deref())?, settings)?,
    };
    configuration.default_retry = false;
    configuration.connect_timeout = Some(settings.limits.connect);
    configuration.headers.push((USER_AGENT, HeaderValue::from_static(crate::USER_AGENT)));
    Ok((configuration, warnings))
}

fn from_kubeconfig(chosen: ChosenContext, settings: &KubernetesSettings) -> Result<(Config, Vec<String>), Problem> {
    let ChosenContext { cluster, mut user, mut warnings } = chosen;
    let url = server(&cluster, &user)?;
    let mut configuration = Config::new(parsed(&url)?);
    configuration.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or(false);
    configuration.root_cert = authorities(&cluster)?;
    configuration.tls_server_name.clone_from(&cluster.tls_server_name);
    configuration.proxy_url = proxy(&cluster, settings, &url)?;
    if let Some(exec) = user.exec.as_mut().filter(|exec| exec.provide_cluster_info) {
        exec.cluster = (&cluster).try_into().ok();
    }
    if user.auth_provider.is_some() {
        let words = "the kubeconfig's auth-provider is used for the token that it has, and does not make another one";
        warnings.push(words.to_owned());
    }
    configuration.auth_info = user;
    Ok((configuration, warnings))
}

/// Without a scheme it is `https` where anything is said of TLS (client-go v0.37.2, `rest.DefaultServerURL`).
fn server(cluster: &Cluster, user: &AuthInfo) -> Result<Url, Problem> {
    let said = cluster.server.as_deref().ok_or_else(|| unusable("the kubeconfig", "its cluster names no `server`"))?;
    let authority = cluster.certificate_authority.is_some() || cluster.certificate_authority_data.is_some();
    let certificate = user.client_certificate.is_some() || user.client_certificate_data.is_some();
    let tls = authority || certificate || cluster.insecure_skip_tls_verify == Some(true);
    let text = proxy::with_scheme(said, if tls { "https" } else { "http" });
    let url = Url::parse(&text).map_err(|_| unusable("the kubeconfig", "its cluster's `server` is no URL"))?;
    match url.username().is_empty() && url.password().is_none() {
        true => Ok(url),
        false => Err(credentials_in_url()),
    }
}

fn parsed(url: &Url) -> Result<Uri, Problem> {
    url.as_str().parse().map_err(|_| unusable("the kubeconfig", "its cluster's `server` is no URL"))
}

fn authorities(cluster: &Cluster) -> Result<Option<Vec<Vec<u8>>>, Problem> {
    const NAME: &str = "certificate-authority";
    let (data, file) = (cluster.certificate_authority_data.as_deref(), cluster.certificate_authority.as_deref());
    let Some(pem) = data_or_file(NAME, data, file)? else { return Ok(None) };
    let found: Vec<_> = CertificateDer::pem_slice_iter(&pem).flatten().map(|der| der.to_vec()).collect();
    match found.is_empty() {
        true => Err(unusable("the kubeconfig", &format!("its `{NAME}` holds no certificate in PEM"))),
        false => Ok(Some(found)),
    }
}

/// The client certificate of a user, and its key.
pub(super) fn client_certificate(user: &AuthInfo) -> Result<Option<ClientPem>, Problem> {
    let (data, file) = (user.client_certificate_data.as_deref(), user.client_certificate.as_deref());
    let Some(certificate) = data_or_file("client-certificate", data, file)? else { return Ok(None) };
    let data = user.client_key_data.as_ref().map(|key| key.expose_secret());
    match data_or_file("client-key", data, user.client_key.as_deref())? {
        Some(key) => Ok(Some((certificate, key))),
        None => Err(unusable("the kubeconfig", "its user has a `client-certificate` and no `client-key`")),
    }
}

/// The data has precedence. Go's base64 has line breaks in it, where YAML has.
fn data_or_file(name: &str, data: Option<&str>, file: Option<&str>) -> Result<Option<Vec<u8>>, Problem> {
    if let Some(data) = data {
        let data: String = data.split_ascii_whitespace().collect();
        let none = |_| unusable("the kubeconfig", &format!("its `{name}-data` is no base64"));
        return STANDARD.decode(data).map(Some).map_err(none);
    }
    let unreadable =
        |file| unusable("the kubeconfig", &format!("the file {} of its `{name}` cannot be read", clean(file)));
    file.map(|file| std::fs::read(file).map_err(|error| unreadable(file).because(error))).transpose()
}

/// What a configuration says of credentials.
pub(super) fn held(configuration: &Config) -> Secrets {
    let auth = &configuration.auth_info;
    let secrets = [&auth.token, &auth.password, &auth.client_key_data].into_iter().flatten();
    let held = auth.exec.as_ref().map(plugin::held).unwrap_or_default();
    let held = secrets.fold(held, |held, secret| held.and(secret.expose_secret()));
    configuration.proxy_url.iter().fold(held, |held, proxy| held.and_of_url(&proxy.to_string()))
}

/// The `proxy-url` of the cluster, or else what the variables say.
fn proxy(cluster: &Cluster, settings: &KubernetesSettings, url: &Url) -> Result<Option<Uri>, Problem> {
    let Some(proxy) =
        cluster.proxy_url.clone().map_or_else(|| proxy::common(&settings.environment, url), |own| Ok(Some(own)))?
    else {
        return Ok(None);
    };
    let mut proxy = Url::parse(&proxy).map_err(|_| bad_proxy())?;
    match proxy.scheme() {
        // The port is known to no one else.
        "socks5" | "socks5h" if proxy.port().is_none() => proxy.set_port(Some(1080)).map_err(|()| bad_proxy())?,
        "http" | "https" | "socks5" | "socks5h" => {}
        _ => return Err(bad_proxy()),
    }
    proxy.as_str().parse().map(Some).map_err(|_| bad_proxy())
}

fn in_pod(settings: &KubernetesSettings, missing: &[String]) -> Result<Config, Problem> {
    let (host, port) = settings.in_cluster.as_ref().ok_or_else(|| no_configuration(missing))?;
    if let Some(context) = &settings.context {
        return Err(no_such_context(context, &[]));
    }
    let mut configuration = Config::incluster_dns().map_err(|error| {
        let message = "the ServiceAccount files of this pod cannot be used";
        Problem::new(Class::Config, "trustpath::kubernetes::pod", message)
            .because(error)
            .help("see whether the pod mounts its ServiceAccount's token, or set KUBECONFIG")
    })?;
    let host = if host.parse::<Ipv6Addr>().is_ok() { format!("[{host}]") } else { host.clone() };
    configuration.cluster_url = format!("https://{host}:{port}").parse().map_err(|_| no_configuration(missing))?;
    Ok(configuration)
}

fn no_configuration(missing: &[String]) -> Problem {
    let why = missing.first().map_or("there is no kubeconfig", String::as_str);
    Problem::new(Class::Config, "trustpath::kubernetes::no_config", format!("{why}, and this is no pod"))
        .help("set KUBECONFIG to a kubeconfig, or write one to ~/.kube/config")
}

/// The URL itself stays out of the message.
fn credentials_in_url() -> Problem {
    let message = "the kubeconfig's server holds a user or a password";
    Problem::new(Class::Config, "trustpath::kubernetes::kubeconfig", message)
        .help("write the credentials under `users`, and the server without them")
}

fn bad_proxy() -> Problem {
    let message = "the proxy for the Kubernetes API is no URL of http, https or socks5";
    Problem::new(Class::Config, "trustpath::kubernetes::proxy", message)
        .help("see `proxy-url` in the kubeconfig, and HTTPS_PROXY")
}
