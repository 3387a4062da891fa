//! What the tests share: fake servers, short limits, and errors taken apart.

use std::{path::Path, time::Duration};

use miette::Diagnostic;
use serde_json::{Value, json};
use trustpath_core::{Class, Failure};
use trustpath_platform::{Cluster, Connections, Environment, KubernetesSettings, Vault, VaultSettings, retry::Limits};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path},
};

/// The token of every test; whatever is printed, it is not in it.
pub(crate) const TOKEN: &str = "s.never-shown";

/// Limits that end a test soon.
pub(crate) fn quick() -> Limits {
    Limits {
        total: Duration::from_secs(5),
        connect: Duration::from_millis(500),
        connections: 3,
        pause: Duration::from_millis(2),
    }
}

/// An environment with these variables.
pub(crate) fn environment(variables: &[(&str, &str)]) -> Environment {
    Environment::new(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())), None)
}

/// The `sys/health` of a server that serves.
pub(crate) fn healthy() -> Value {
    json!({ "initialized": true, "sealed": false, "standby": false, "version": "2.7.2", "cluster_id": "one" })
}

/// Answers a request with a status and JSON.
pub(crate) fn answer(verb: &str, at: &str, status: u16, body: Value) -> Mock {
    Mock::given(method(verb)).and(path(at)).respond_with(ResponseTemplate::new(status).set_body_json(body))
}

/// Settings for a fake Vault.
pub(crate) fn vault_settings(server: &MockServer, more: &[(&str, &str)]) -> VaultSettings {
    let address = server.uri();
    let variables = [[("VAULT_ADDR", address.as_str()), ("VAULT_TOKEN", TOKEN)].as_slice(), more].concat();
    let mut settings = VaultSettings::from(&environment(&variables), &Connections::default()).unwrap();
    settings.limits = quick();
    settings
}

/// A connection to a fake Vault that is well.
pub(crate) async fn vault(server: &MockServer) -> Vault {
    answer("GET", "/v1/sys/health", 200, healthy()).mount(server).await;
    Vault::open(vault_settings(server, &[])).await.unwrap()
}

/// A kubeconfig for a server, with a token.
pub(crate) fn kubeconfig(server: &str, ca: Option<&Path>) -> Value {
    let mut cluster = json!({ "server": server });
    if let Some(ca) = ca {
        cluster["certificate-authority"] = json!(ca);
    }
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "contexts": [{ "name": "test", "context": { "cluster": "c", "user": "u" } }],
        "clusters": [{ "name": "c", "cluster": cluster }],
        "users": [{ "name": "u", "user": { "token": TOKEN } }],
    })
}

/// Opens a connection by a kubeconfig.
pub(crate) async fn open_cluster(kubeconfig: &Value, connections: &Connections) -> Result<Cluster, Failure> {
    trustpath_platform::install_crypto_provider();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    std::fs::write(&file, kubeconfig.to_string()).unwrap();
    let environment = environment(&[("KUBECONFIG", file.to_str().unwrap())]);
    let mut settings = KubernetesSettings::from(&environment, connections, None);
    settings.limits = quick();
    Cluster::open(settings).await
}

/// Settings for a fake API server. The folder of the kubeconfig goes with them.
pub(crate) fn cluster_settings(server: &MockServer) -> (tempfile::TempDir, KubernetesSettings) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    std::fs::write(&file, kubeconfig(&server.uri(), None).to_string()).unwrap();
    let environment = environment(&[("KUBECONFIG", file.to_str().unwrap())]);
    let mut settings = KubernetesSettings::from(&environment, &Connections::default(), None);
    settings.limits = quick();
    (folder, settings)
}

/// A connection to a fake API server.
pub(crate) async fn cluster(server: &MockServer) -> Cluster {
    open_cluster(&kubeconfig(&server.uri(), None), &Connections::default()).await.unwrap()
}

/// Class, code, message and help of an error.
pub(crate) fn parts(error: impl Into<Failure>) -> (Class, String, String, String) {
    let failure = error.into();
    let code = failure.code().map(|code| code.to_string()).unwrap_or_default();
    let help = failure.help().map(|help| help.to_string()).unwrap_or_default();
    assert!(!code.is_empty() && !help.is_empty(), "{failure} has no code or no help");
    (failure.class(), code, failure.to_string(), help)
}
