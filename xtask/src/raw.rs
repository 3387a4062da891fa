//! Requests that were seen once, sent again over kept-alive connections: the least that the work can cost.

use std::time::{Duration, Instant};

use miette::{IntoDiagnostic, Result};
use reqwest::{Client, Method, header};
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

impl<'a> Raw<'a> {
    pub(crate) fn new(pair: &'a Pair) -> Result<Self> {
        let certificate = reqwest::Certificate::from_pem(pair.kubernetes_direct().1.as_bytes()).into_diagnostic()?;
        let client = Client::builder().no_proxy().tls_certs_only([certificate]).build().into_diagnostic()?;
        Ok(Self { client, pair })
    }

    /// How long they take, one after the other.
    pub(crate) async fn time(&self, requests: &[(Server, Seen)]) -> Result<Duration> {
        self.warm().await?;
        let begun = Instant::now();
        for (server, seen) in requests {
            self.send(*server, seen).await?;
        }
        Ok(begun.elapsed())
    }

    async fn warm(&self) -> Result<()> {
        for url in [format!("{}/v1/sys/health", self.pair.vault_direct()), self.kubernetes("/readyz")] {
            self.client.get(url).send().await.into_diagnostic()?.bytes().await.into_diagnostic()?;
        }
        Ok(())
    }

    async fn send(&self, server: Server, seen: &Seen) -> Result<()> {
        let query = if seen.query.is_empty() { String::new() } else { format!("?{}", seen.query) };
        let url = match server {
            Server::Vault => format!("{}{}{query}", self.pair.vault_direct(), seen.path),
            Server::Kubernetes => self.kubernetes(&format!("{}{query}", seen.path)),
        };
        let mut headers = seen.headers.0.clone();
        headers.remove(header::HOST);
        headers.remove(header::CONTENT_LENGTH);
        let method = Method::from_bytes(seen.method.as_bytes()).into_diagnostic()?;
        let request = self.client.request(method, url).headers(headers).body(seen.body.0.clone());
        request.send().await.into_diagnostic()?.bytes().await.into_diagnostic()?;
        Ok(())
    }

    fn kubernetes(&self, path: &str) -> String {
        format!("{}{path}", self.pair.kubernetes_direct().0)
    }
}
