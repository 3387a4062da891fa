//! kube's client over one connection where the server speaks HTTP/2, through a proxy too: kube's own knows HTTP/1.1 alone, and
//! opens a connection for each request that is under way.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderValue, Uri};
use hyper::rt::{Read, Write};
use hyper_rustls::{FixedServerNameResolver, HttpsConnectorBuilder};
use hyper_timeout::TimeoutConnector;
use hyper_util::{
    client::legacy::{
        Builder,
        connect::{
            Connection, HttpConnector,
            proxy::{SocksV5, Tunnel},
        },
    },
    rt::{TokioExecutor, TokioTimer},
};
use kube::{
    Config,
    client::{Client, ClientBuilder, ConfigExt as _},
};
use rustls::{
    ClientConfig,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
};
use tower::{BoxError, Service, ServiceBuilder};
use trustpath_core::{Class, Problem};

use crate::{
    hide::userinfo,
    opening::KEEP_ALIVE,
    text::clean,
    trust::{self, Trusted},
};

/// A certificate and its key, both in PEM.
pub(super) type ClientPem = (Vec<u8>, Vec<u8>);

/// The client of a configuration. It knows nothing of credentials but the client certificate.
pub(super) fn build(config: &Config, certificate: Option<ClientPem>) -> Result<Client, Problem> {
    let tls = tls(config, certificate)?;
    let mut direct = HttpConnector::new();
    direct.enforce_http(false);
    // Frames are small, and would wait for the server's acknowledgement of the one before.
    direct.set_nodelay(true);
    let Some(proxy) = &config.proxy_url else { return over(direct, tls, config) };
    let user = userinfo(&proxy.to_string());
    match proxy.scheme_str() {
        Some("socks5" | "socks5h") => {
            let socks = SocksV5::new(proxy.clone(), direct);
            over(user.into_iter().fold(socks, |socks, (user, password)| socks.with_auth(user, password)), tls, config)
        }
        Some("https") => {
            let secured = HttpsConnectorBuilder::new().with_tls_config(tls.clone()).https_or_http().enable_http1();
            over(tunnel(proxy, user, secured.wrap_connector(direct)), tls, config)
        }
        _ => over(tunnel(proxy, user, direct), tls, config),
    }
}

fn tunnel<C>(proxy: &Uri, user: Option<(String, String)>, connector: C) -> Tunnel<C> {
    let tunnel = Tunnel::new(proxy.clone(), connector);
    let basic = user.map(|(user, password)| format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))));
    match basic.and_then(|basic| HeaderValue::try_from(basic).ok()) {
        Some(header) => tunnel.with_auth(header),
        None => tunnel,
    }
}

fn over<C>(connector: C, tls: ClientConfig, config: &Config) -> Result<Client, Problem>
where
    C: Service<Uri, Error: Into<BoxError>, Future: Send + 'static> + Clone + Send + Sync + 'static,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
{
    let mut https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
    if let Some(name) = &config.tls_server_name {
        let name = ServerName::try_from(name.clone()).map_err(|error| unbuildable(&error))?;
        https = https.with_server_name_resolver(FixedServerNameResolver::new(name));
    }
    let mut connector = TimeoutConnector::new(https.enable_all_versions().wrap_connector(connector));
    connector.set_connect_timeout(config.connect_timeout);
    let mut builder = Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new()).http2_keep_alive_interval(KEEP_ALIVE).http2_keep_alive_timeout(KEEP_ALIVE);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .layer(config.extra_headers_layer().map_err(|error| unbuildable(&error))?)
        .service(builder.build(connector));
    Ok(ClientBuilder::new(service, config.default_namespace.clone()).build())
}

fn tls(config: &Config, certificate: Option<ClientPem>) -> Result<ClientConfig, Problem> {
    let roots: Vec<_> = config.root_cert.iter().flatten().map(|der| CertificateDer::from(der.clone())).collect();
    let way = [config.cluster_url.scheme_str(), config.proxy_url.as_ref().and_then(Uri::scheme_str)];
    let trusted = Trusted::of(&roots, !config.accept_invalid_certs, way);
    let builder = trust::client(&trusted).map_err(|error| unbuildable(&error))?;
    let Some((certificate, key)) = certificate else { return Ok(builder.with_no_client_auth()) };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&certificate).collect();
    let key = PrivateKeyDer::from_pem_slice(&key).map_err(|error| unbuildable(&error))?;
    let built = builder.with_client_auth_cert(chain.map_err(|error| unbuildable(&error))?, key);
    built.map_err(|error| unbuildable(&error))
}

fn unbuildable(error: &dyn std::error::Error) -> Problem {
    let message = format!("the Kubernetes client cannot be set up: {}", clean(&error.to_string()));
    Problem::new(Class::Config, "trustpath::kubernetes::client", message)
        .help("see whether certificates and keys in the kubeconfig are what their names say")
}
