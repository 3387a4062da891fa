//! What a server makes of a text.

use std::collections::BTreeMap;

use reqwest::{Client, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use trustpath_tests::pair::Pair;

use super::words::PATHS;

/// A server whose connections are kept: there are very many requests.
#[derive(Clone)]
pub(crate) struct Server {
    client: Client,
    base: String,
    root: String,
}

/// A policy of its own, and a token that holds it.
pub(crate) struct Holder {
    server: Server,
    name: String,
    token: String,
}

impl Server {
    pub(crate) fn of(pair: &Pair) -> Self {
        let client = Client::builder().no_proxy().build().expect("an HTTP client");
        let root = pair.root_token().expose_secret().to_owned();
        Self { client, base: format!("{}/v1", pair.vault_direct()), root }
    }

    pub(crate) async fn holder(&self, name: &str) -> Holder {
        let (_, made) = self
            .send("auth/token/create", &json!({"policies": [name], "no_default_policy": true}))
            .await
            .expect("a token");
        let token = made["auth"]["client_token"].as_str().expect("a token").to_owned();
        Holder { server: self.clone(), name: name.to_owned(), token }
    }

    /// None where the server breaks off: its parser panics at some texts.
    async fn send(&self, path: &str, body: &Value) -> Option<(StatusCode, Value)> {
        let request = self.client.post(format!("{}/{path}", self.base)).header("X-Vault-Token", &self.root);
        let answer = request.body(body.to_string()).send().await.ok()?;
        Some((answer.status(), serde_json::from_str(&answer.text().await.ok()?).unwrap_or_default()))
    }
}

impl Holder {
    /// Whether the server takes the text.
    pub(crate) async fn takes(&self, text: &str) -> bool {
        match self.server.send(&format!("sys/policies/acl/{}", self.name), &json!({"policy": text})).await {
            None => false,
            Some((StatusCode::NO_CONTENT | StatusCode::OK, _)) => true,
            Some((StatusCode::BAD_REQUEST, _)) => false,
            Some(other) => panic!("{other:?} for {text:?}"),
        }
    }

    /// What the text that is there allows.
    pub(crate) async fn capabilities(&self) -> BTreeMap<String, Value> {
        let asked = json!({"token": self.token, "paths": PATHS});
        let (status, said) = self.server.send("sys/capabilities", &asked).await.expect("an answer");
        assert!(status.is_success(), "{said}");
        PATHS.iter().map(|path| ((*path).to_owned(), said["data"][path].clone())).collect()
    }

    pub(crate) async fn leave(self) {
        let revoke = json!({"token": self.token});
        self.server.send("auth/token/revoke", &revoke).await.expect("it is gone");
        let path = format!("{}/sys/policies/acl/{}", self.server.base, self.name);
        self.server.client.delete(path).header("X-Vault-Token", &self.server.root).send().await.expect("it is gone");
    }
}
