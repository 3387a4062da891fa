//! kube's client over one connection where the server speaks HTTP/2: kube's own knows HTTP/1.1 alone, and opens a connection
//! for each request that is under way.

use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_timeout::TimeoutConnector;
use hyper_util::{
    client::legacy::{self, Builder, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use kube::{
    Config, Error,
    client::{Body, Client, ClientBuilder, ConfigExt as _},
};
use rustls::pki_types::ServerName;
use tower::{BoxError, ServiceBuilder};

use crate::opening::KEEP_ALIVE;

/// The connections to a server, which know nothing of credentials but a client certificate.
#[derive(Clone)]
pub(super) struct Pool(legacy::Client<TimeoutConnector<HttpsConnector<HttpConnector>>, Body>);

/// The client of a configuration, with its TLS and its credentials, and its connections; through a proxy, it is kube's own. May
/// run a credential plugin.
pub(super) fn build(config: Config) -> Result<(Client, Option<Pool>), Error> {
    if config.proxy_url.is_some() {
        return Ok((Client::try_from(config)?, None));
    }
    let pool = Pool::open(&config)?;
    Ok((pool.client(&config)?, Some(pool)))
}

impl Pool {
    /// The client of a configuration that differs in credentials of requests alone.
    pub(super) fn client(&self, config: &Config) -> Result<Client, Error> {
        let service = ServiceBuilder::new()
            .layer(config.base_uri_layer())
            .option_layer(config.auth_layer()?)
            .layer(config.extra_headers_layer()?)
            .map_err(BoxError::from)
            .service(self.0.clone());
        Ok(ClientBuilder::new(service, config.default_namespace.clone()).build())
    }

    fn open(config: &Config) -> Result<Self, Error> {
        let mut direct = HttpConnector::new();
        direct.enforce_http(false);
        // Frames are small, and would wait for the server's acknowledgement of the one before.
        direct.set_nodelay(true);
        let mut tls = HttpsConnectorBuilder::new().with_tls_config(config.rustls_client_config()?).https_or_http();
        if let Some(name) = &config.tls_server_name {
            tls = tls.with_server_name_resolver(FixedServerNameResolver::new(server_name(name, config)?));
        }
        let mut connector = TimeoutConnector::new(tls.enable_all_versions().wrap_connector(direct));
        connector.set_connect_timeout(config.connect_timeout);
        let mut builder = Builder::new(TokioExecutor::new());
        builder.timer(TokioTimer::new()).http2_keep_alive_interval(KEEP_ALIVE).http2_keep_alive_timeout(KEEP_ALIVE);
        Ok(Self(builder.build(connector)))
    }
}

/// kube says what is wrong with a name that is none.
fn server_name(name: &str, config: &Config) -> Result<ServerName<'static>, Error> {
    match ServerName::try_from(name.to_owned()) {
        Ok(name) => Ok(name),
        Err(_) => Err(config.rustls_https_connector().err().unwrap_or(Error::TlsRequired)),
    }
}
