//! What is traced: each request, and no secret, by whatever crate. In a process of its own: which trace points are
//! live is decided once a process.

use std::{
    io,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;
use trustpath_platform::{Cluster, Connections, Environment, Vault};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path},
};

const TOKEN: &str = "s.never-shown";

/// Everything that was traced.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

async fn answer(server: &MockServer, verb: &str, at: &str, body: Value) {
    let answer = ResponseTemplate::new(200).set_body_json(body);
    Mock::given(method(verb)).and(path(at)).respond_with(answer).mount(server).await;
}

#[tokio::test]
async fn no_trace_of_any_crate_shows_a_token_and_ours_names_each_request() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    let _traced = tracing::subscriber::set_default(subscriber);

    let (server, folder) = (MockServer::start().await, tempfile::tempdir().unwrap());
    let kubeconfig = folder.path().join("config");
    let config = json!({
        "current-context": "t", "contexts": [{ "name": "t", "context": { "cluster": "c", "user": "u" } }],
        "clusters": [{ "name": "c", "cluster": { "server": server.uri() } }],
        "users": [{ "name": "u", "user": { "token": TOKEN } }],
    });
    std::fs::write(&kubeconfig, config.to_string()).unwrap();
    let variables =
        [("VAULT_ADDR", server.uri().as_str()), ("VAULT_TOKEN", TOKEN), ("KUBECONFIG", kubeconfig.to_str().unwrap())]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let environment = Environment::new(variables, None);

    answer(&server, "GET", "/v1/sys/health", json!({ "initialized": true, "sealed": false })).await;
    let auth = json!({ "client_token": "s.never-shown-2", "accessor": "a", "lease_duration": 1 });
    answer(&server, "POST", "/v1/auth/k/login", json!({ "auth": auth })).await;
    let vault = Vault::connect(&environment, &Connections::default()).await.unwrap();
    vault.login("auth/k/login", &json!({ "jwt": TOKEN })).await.unwrap();
    assert_eq!(vault.read::<Value>("missing").await.unwrap(), None);
    let cluster = Cluster::connect(&environment, &Connections::default(), None).await.unwrap();
    assert!(!cluster.has_namespace("x").await.unwrap());

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(!text.contains(TOKEN), "{text}");
    assert!(!text.contains(" ERROR "), "what is not there is no error: {text}");
    let ours: Vec<_> = text.lines().filter(|line| line.contains("trustpath::request")).collect();
    assert_eq!(ours.len(), 4, "{ours:?}");
    assert!(ours[2].contains(r#"system="vault" method=GET path="missing" status=404"#), "{}", ours[2]);
}
