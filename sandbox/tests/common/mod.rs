//! What the tests share: a server and clients for it.

use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use secrecy::SecretString;
use trustpath_sandbox::KubernetesApi;

/// A server, and the administrator's client.
pub(crate) async fn start() -> (KubernetesApi, Client) {
    let api = KubernetesApi::start().expect("the server starts");
    let client = Client::try_from(config(&api).await).expect("the client is set up");
    (api, client)
}

/// A client that shows the given bearer token.
#[allow(dead_code, reason = "each test binary uses its own part of this module")]
pub(crate) async fn client_with(api: &KubernetesApi, token: &str) -> Client {
    let mut config = config(api).await;
    config.auth_info.token = Some(SecretString::from(token));
    Client::try_from(config).expect("the client is set up")
}

/// The `Status` behind a refusal.
#[allow(dead_code, reason = "each test binary uses its own part of this module")]
pub(crate) fn refused<T: std::fmt::Debug>(result: kube::Result<T>) -> kube::core::Status {
    match result {
        Err(kube::Error::Api(status)) => *status,
        other => panic!("expected a Status, got {other:?}"),
    }
}

async fn config(api: &KubernetesApi) -> Config {
    let kubeconfig = Kubeconfig::from_yaml(&api.kubeconfig()).expect("the kubeconfig is one");
    let options = KubeConfigOptions::default();
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &options).await.expect("the kubeconfig is whole");
    // A client that repeats a refused request would hide how often it was made.
    config.default_retry = false;
    config
}
