//! The Kubernetes API as a running server.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::Arc,
    thread::JoinHandle,
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Query, State},
    http::{HeaderMap, Method, Uri},
    routing::any,
};
use axum_server::{
    Handle,
    accept::NoDelayAcceptor,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use secrecy::SecretString;
use serde_json::Value;

use crate::{
    auth::Authenticator,
    cluster::{Cluster, RequestLine},
    error::Error,
    kubeconfig, object,
    routes::{Reply, Request},
    tls,
    tokens::Signer,
};

/// As in the real server: 3 MiB.
const LARGEST_BODY: usize = 3 << 20;

/// A Kubernetes API server in this process: TLS on a free port of 127.0.0.1, its objects in memory.
///
/// It serves on a thread of its own, so that a caller which blocks (on a child process, say) does
/// not stop it. Dropping it closes the port and every connection.
pub struct KubernetesApi {
    cluster: Arc<Cluster>,
    handle: Handle<SocketAddr>,
    thread: Option<JoinHandle<()>>,
}

impl KubernetesApi {
    /// Starts the server with fresh keys. It accepts connections when this returns.
    ///
    /// # Errors
    /// When no port, thread or key can be had.
    pub fn start() -> Result<Self, Error> {
        let identity = tls::identity()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = format!("https://{}", listener.local_addr()?);
        let admin_token = SecretString::from(object::random_suffix(40));
        let authenticator = Authenticator { signer: Signer::new()?, admin_token };
        let cluster = Arc::new(Cluster::new(authenticator, identity.ca_pem, address));

        let handle = Handle::new();
        let router = router(Arc::clone(&cluster));
        let config = RustlsConfig::from_config(identity.config);
        let thread = serve(listener, config, handle.clone(), router)?;
        Ok(Self { cluster, handle, thread: Some(thread) })
    }

    /// The server's URL: `https://127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.cluster.plane.address
    }

    /// The certificate authority that signed the server's certificate, as PEM.
    pub fn ca_pem(&self) -> &str {
        &self.cluster.plane.ca_pem
    }

    /// The public key that ServiceAccount tokens are checked with, in PEM.
    pub fn token_key(&self) -> &str {
        self.cluster.plane.authenticator.signer.public_pem()
    }

    /// The bearer token of the administrator (`system:masters`).
    pub fn admin_token(&self) -> &SecretString {
        &self.cluster.plane.authenticator.admin_token
    }

    /// The administrator's kubeconfig, with everything embedded. It holds the admin token.
    pub fn kubeconfig(&self) -> String {
        kubeconfig::render(self.address(), self.ca_pem(), self.admin_token())
    }

    /// Applies a manifest (YAML or JSON, one object) as the administrator. It is not logged.
    ///
    /// # Errors
    /// With the server's words, when it refuses the manifest.
    pub fn apply(&self, manifest: &str) -> Result<(), Error> {
        self.cluster.apply(manifest).map_err(|status| Error::Manifest { message: status.message })
    }

    /// Every request that was answered, in order.
    pub fn requests(&self) -> Vec<RequestLine> {
        self.cluster.requests()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.cluster.clear_requests();
    }

    /// Every object as stored, under `GROUP/NAMESPACE/PLURAL/NAME` (without the parts that are empty).
    pub fn snapshot(&self) -> Value {
        self.cluster.snapshot()
    }
}

impl Drop for KubernetesApi {
    fn drop(&mut self) {
        self.handle.shutdown();
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join)
            && !std::thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

fn serve(
    listener: TcpListener,
    config: RustlsConfig,
    handle: Handle<SocketAddr>,
    router: Router,
) -> Result<JoinHandle<()>, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let server = {
        // The listener is registered with the runtime that is entered.
        let _entered = runtime.enter();
        // As a real one: answers are several small frames, which would wait for each other.
        let prompt = |tls: RustlsAcceptor| tls.acceptor(NoDelayAcceptor);
        axum_server::from_tcp_rustls(listener, config)?.map(prompt).handle(handle)
    };
    let serving = move || {
        // Serving ends when the handle is shut down, and then there is nothing left to tell.
        runtime.block_on(server.serve(router.into_make_service())).unwrap_or_default();
    };
    Ok(std::thread::Builder::new().name("sandbox-kubernetes".to_owned()).spawn(serving)?)
}

fn router(cluster: Arc<Cluster>) -> Router {
    Router::new()
        .route("/", any(answer_root))
        .route("/{*path}", any(answer))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(cluster)
}

async fn answer_root(
    cluster: State<Arc<Cluster>>,
    query: Query<Vec<(String, String)>>,
    uri: Uri,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Reply {
    answer(cluster, Path(String::new()), query, uri, method, headers, body).await
}

/// `path` is decoded, `uri` as it was sent.
async fn answer(
    State(cluster): State<Arc<Cluster>>,
    Path(path): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
    uri: Uri,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Reply {
    let sent = uri.path_and_query().map_or_else(String::new, ToString::to_string);
    let request = Request { method, path: format!("/{path}"), query, headers, body };
    cluster.answer(sent, &request)
}
