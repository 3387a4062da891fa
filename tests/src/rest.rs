//! The servers' own APIs, spoken plainly: nothing of the program under test is in between.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::Semaphore;

/// How long a condition may take to come true.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(50);

/// How many requests are under way at the same time: a snapshot has hundreds, and each its own connection.
const AT_ONCE: usize = 16;

/// One server's API.
#[derive(Clone)]
pub struct Rest {
    base: String,
    client: reqwest::Client,
    token: SecretString,
    token_header: &'static str,
    permits: Arc<Semaphore>,
}

impl Rest {
    /// The API of a Vault or OpenBao.
    pub fn vault(address: &str, token: SecretString) -> Self {
        Self::new(format!("{address}/v1"), client(None), token, "X-Vault-Token")
    }

    /// The API of a Kubernetes API server.
    pub fn kubernetes(address: &str, ca: &str, token: &SecretString) -> Self {
        let token = SecretString::from(format!("Bearer {}", token.expose_secret()));
        Self::new(address.to_owned(), client(Some(ca)), token, "Authorization")
    }

    /// What asks no one who they are.
    pub fn open(address: &str) -> Self {
        Self::new(address.to_owned(), client(None), SecretString::default(), "Authorization")
    }

    fn new(base: String, client: reqwest::Client, token: SecretString, token_header: &'static str) -> Self {
        Self { base, client, token, token_header, permits: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Sends a request; answers with status and body, null where there is none. A read is repeated where the connection
    /// breaks: a busy machine is no finding.
    pub async fn send(&self, method: &str, path: &str, body: Option<(&str, String)>) -> (StatusCode, Value) {
        let reads = matches!(method, "GET" | "LIST");
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.send_once(method.clone(), path, body.clone()).await {
                Ok(answer) => return answer,
                Err(_) if reads && Instant::now() < deadline => tokio::time::sleep(PAUSE).await,
                Err(error) => panic!("{path}: {error:?}"),
            }
        }
    }

    async fn send_once(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, String)>,
    ) -> reqwest::Result<(StatusCode, Value)> {
        let _permit = self.permits.acquire().await.expect("it is never closed");
        let mut request = self.client.request(method, format!("{}/{path}", self.base));
        if !self.token.expose_secret().is_empty() {
            request = request.header(self.token_header, self.token.expose_secret());
        }
        if let Some((content_type, body)) = body {
            request = request.header("Content-Type", content_type).body(body);
        }
        let response = request.send().await?;
        let (status, text) = (response.status(), response.text().await?);
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    /// Reads; `None` where there is nothing.
    pub async fn get(&self, path: &str) -> Option<Value> {
        let (status, body) = self.send("GET", path, None).await;
        assert!(status.is_success() || status == StatusCode::NOT_FOUND, "GET {path}: {status} {body}");
        status.is_success().then_some(body)
    }

    /// Lists a Vault path; empty where there is nothing.
    pub async fn list(&self, path: &str) -> Vec<String> {
        let (status, body) = self.send("LIST", path, None).await;
        assert!(status.is_success() || status == StatusCode::NOT_FOUND, "LIST {path}: {status} {body}");
        let keys = body["data"]["keys"].as_array().cloned().unwrap_or_default();
        keys.iter().filter_map(|key| key.as_str().map(str::to_owned)).collect()
    }

    /// Writes JSON with POST; panics when the server refuses.
    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.send("POST", path, Some(("application/json", body.to_string()))).await;
        assert!(status.is_success(), "POST {path}: {status} {answer}");
        answer
    }

    /// Applies a YAML or JSON manifest server-side; panics when the server refuses.
    pub async fn apply(&self, path: &str, manager: &str, manifest: String) -> Value {
        let path = format!("{path}?fieldManager={manager}&force=true");
        let (status, answer) = self.send("PATCH", &path, Some(("application/apply-patch+yaml", manifest))).await;
        assert!(status.is_success(), "PATCH {path}: {status} {answer}");
        answer
    }

    /// Deletes; nothing there is as good.
    pub async fn delete(&self, path: &str) {
        let (status, body) = self.send("DELETE", path, None).await;
        assert!(status.is_success() || status == StatusCode::NOT_FOUND, "DELETE {path}: {status} {body}");
    }

    /// Reads until `ready` says so; panics when it never does.
    pub async fn wait(&self, path: &str, ready: impl Fn(Option<&Value>) -> bool) -> Option<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (status, body) = self.send("GET", path, None).await;
            let found = status.is_success().then_some(body);
            if ready(found.as_ref()) {
                return found;
            }
            assert!(Instant::now() < deadline, "{path} did not become what was waited for: {found:?}");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

pub(crate) fn client(ca: Option<&str>) -> reqwest::Client {
    let certificates = ca.map(|pem| reqwest::Certificate::from_pem(pem.as_bytes()).expect("a certificate"));
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .tls_certs_only(certificates)
        .build()
        .expect("an HTTP client")
}
