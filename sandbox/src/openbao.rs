//! What a fresh OpenBao lacks: the KV v2 mount `kv` with one secret in it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use rustls::{ClientConfig, RootCertStore};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::error::Error;

/// How long a fresh mount may take until it can be written to.
const DEADLINE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);

/// Mounts KV v2 at `kv` and writes the secret `apps/demo` (`greeting`) into it. Speaks plain HTTP or
/// nothing: it is for a server on loopback.
///
/// # Errors
/// When the server cannot be reached, or refuses.
pub async fn prepare_kv(address: &str, token: &SecretString) -> Result<(), Error> {
    let bao = Bao { client: client()?, address, token };
    let mount = json!({"type": "kv", "options": {"version": "2"}});
    let answer = bao.send(Method::POST, "sys/mounts/kv", &mount).await?;
    accepted("POST sys/mounts/kv", answer).await?;
    let secret = json!({"data": {"greeting": "hello from the sandbox"}});
    let begun = Instant::now();
    loop {
        let answer = bao.send(Method::POST, "kv/data/apps/demo", &secret).await?;
        // A fresh mount answers 400 until it has turned itself into version 2.
        if answer.status() != StatusCode::BAD_REQUEST || begun.elapsed() > DEADLINE {
            return accepted("POST kv/data/apps/demo", answer).await;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

struct Bao<'a> {
    client: Client,
    address: &'a str,
    token: &'a SecretString,
}

impl Bao<'_> {
    async fn send(&self, method: Method, path: &str, body: &Value) -> Result<Response, Error> {
        let url = format!("{}/v1/{path}", self.address);
        let request: RequestBuilder = self.client.request(method, url);
        let token = self.token.expose_secret();
        Ok(request.header("X-Vault-Token", token).json(body).send().await?)
    }
}

async fn accepted(request: &'static str, answer: Response) -> Result<(), Error> {
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let message = answer.text().await?;
    Err(Error::OpenBaoRefused { request, status: status.as_u16(), message })
}

/// A client that needs no TLS provider of the process, and trusts no one.
fn client() -> Result<Client, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    Ok(Client::builder().tls_backend_preconfigured(tls).no_proxy().timeout(DEADLINE).build()?)
}
