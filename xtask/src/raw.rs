//! Requests that were seen once, sent again over kept-alive connections: the least that the work can cost.

use std::time::{Duration, Instant};

use miette::{IntoDiagnostic, Result, miette};
use reqwest::{Client, Method, header};
use secrecy::ExposeSecret;
use serde_json::Value;
use trustpath_tests::{pair::Pair, proxy::Seen};

/// Which server a request was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    Vault,
    Kubernetes,
}

/// Sends requests one after the other, each connection opened beforehand.
pub(crate) struct Raw<'a> {
    client: Client,
    pair: &'a Pair,
}

/// What the servers have handed out since the replay began: what was recorded is no longer good.
#[derive(Default)]
struct Minted {
    jwt: Value,
    token: Value,
    accessor: Value,
}

impl<'a> Raw<'a> {
    pub(crate) fn new(pair: &'a Pair) -> Result<Self> {
        let certificate = reqwest::Certificate::from_pem(pair.kubernetes_direct().1.as_bytes()).into_diagnostic()?;
        let client = Client::builder().no_proxy().tls_certs_only([certificate]).build().into_diagnostic()?;
        Ok(Self { client, pair })
    }

    /// How long they take, one after the other.
    pub(crate) async fn time(&self, requests: &[(Server, Seen)]) -> Result<Duration> {
        self.warm().await?;
        let mut minted = Minted::default();
        let begun = Instant::now();
        for (server, seen) in requests {
            self.send(*server, seen, &mut minted).await?;
        }
        Ok(begun.elapsed())
    }

    async fn warm(&self) -> Result<()> {
        for url in [format!("{}/v1/sys/health", self.pair.vault_direct()), self.kubernetes("/readyz")] {
            self.client.get(url).send().await.into_diagnostic()?.bytes().await.into_diagnostic()?;
        }
        Ok(())
    }

    async fn send(&self, server: Server, seen: &Seen, minted: &mut Minted) -> Result<()> {
        let query = if seen.query.is_empty() { String::new() } else { format!("?{}", seen.query) };
        let url = match server {
            Server::Vault => format!("{}{}{query}", self.pair.vault_direct(), seen.path),
            Server::Kubernetes => self.kubernetes(&format!("{}{query}", seen.path)),
        };
        let method = Method::from_bytes(seen.method.as_bytes()).into_diagnostic()?;
        let request = self.client.request(method, url).headers(self.headers(seen, minted)).body(minted.body(seen)?);
        let answer = request.send().await.into_diagnostic()?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await.into_diagnostic()?;
        if seen.writes() && status != seen.status {
            return Err(miette!(
                "{} was answered with {}, and with {status} when sent again",
                seen.line(),
                seen.status
            ));
        }
        minted.learn(seen, &body)
    }

    /// A token that a login gave is not the one that was recorded.
    fn headers(&self, seen: &Seen, minted: &Minted) -> header::HeaderMap {
        let mut headers = seen.headers.0.clone();
        headers.remove(header::HOST);
        headers.remove(header::CONTENT_LENGTH);
        let root = self.pair.root_token().expose_secret();
        let fresh = minted.token.as_str().and_then(|token| token.parse().ok());
        if let (Some(token), Some(fresh)) = (headers.get_mut("x-vault-token"), fresh)
            && token != root
        {
            *token = fresh;
        }
        headers
    }

    fn kubernetes(&self, path: &str) -> String {
        format!("{}{path}", self.pair.kubernetes_direct().0)
    }
}

impl Minted {
    /// The body that was recorded, with what is handed out anew each time.
    fn body(&self, seen: &Seen) -> Result<Vec<u8>> {
        let (key, fresh) = match &seen.path {
            path if path.ends_with("/login") => ("jwt", &self.jwt),
            path if path.ends_with("-accessor") => ("accessor", &self.accessor),
            _ => return Ok(seen.body.0.to_vec()),
        };
        let mut body: Value = serde_json::from_slice(&seen.body.0).into_diagnostic()?;
        body[key] = fresh.clone();
        serde_json::to_vec(&body).into_diagnostic()
    }

    fn learn(&mut self, seen: &Seen, answer: &[u8]) -> Result<()> {
        if seen.path.ends_with("/token") {
            let answer: Value = serde_json::from_slice(answer).into_diagnostic()?;
            self.jwt = answer["status"]["token"].clone();
        } else if seen.path.ends_with("/login") {
            let answer: Value = serde_json::from_slice(answer).into_diagnostic()?;
            self.token = answer["auth"]["client_token"].clone();
            self.accessor = answer["auth"]["accessor"].clone();
        }
        Ok(())
    }
}
