//! One of the two servers, and its answers without what differs by nature.

use std::sync::Mutex;

use kube::config::Kubeconfig;
use reqwest::{Certificate, Client, Method};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::cases::Case;

/// Fields that each server fills by itself: identities, times, versions, secrets.
const OWN: &[&str] = &[
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "expirationTimestamp",
    "time",
    "token",
    "ca.crt",
    "storageVersionHash",
    "continue",
];

pub(crate) struct Server {
    client: Client,
    address: String,
    admin: String,
    /// The token of the ServiceAccount that the cases speak as, once it was issued.
    account: Mutex<String>,
}

impl Server {
    pub(crate) fn of(kubeconfig: &str) -> Self {
        let config = Kubeconfig::from_yaml(kubeconfig).expect("a kubeconfig");
        let cluster = config.clusters[0].cluster.clone().expect("a cluster");
        let user = config.auth_infos[0].auth_info.clone().expect("a user");
        let authority = decoded(&cluster.certificate_authority_data.expect("a CA"));
        let authority = Certificate::from_pem(&authority).expect("a certificate");
        let client = Client::builder().tls_certs_only([authority]).no_proxy().build();
        Self {
            client: client.expect("a client"),
            address: cluster.server.expect("an address"),
            admin: user.token.expect("a token").expose_secret().to_owned(),
            account: Mutex::default(),
        }
    }

    /// The status and body of the answer, comparable with the other server's.
    pub(crate) async fn answer(&self, case: &Case) -> Value {
        let method = Method::from_bytes(case.method.as_bytes()).expect("a method");
        let url = format!("{}{}", self.address, case.path);
        let mut request = self.client.request(method, url).header("User-Agent", "parity/1");
        let account = self.account.lock().expect("no panic").clone();
        request = match case.user {
            "admin" => request.bearer_auth(&self.admin),
            "account" => request.bearer_auth(account),
            "stranger" => request.bearer_auth("nobody-issued-this"),
            _ => request,
        };
        if !case.body.is_null() {
            request = request.header("Content-Type", case.media).body(case.body.to_string());
        }
        let answer = request.send().await.expect("the server answers");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("the answer is text");
        let mut body = serde_json::from_str(&text).unwrap_or(Value::from(text));
        if case.path.ends_with("/token")
            && let Some(token) = body.pointer("/status/token").and_then(Value::as_str)
        {
            token.clone_into(&mut self.account.lock().expect("no panic"));
        }
        normalise(&mut body);
        json!({"status": status, "body": body})
    }
}

fn decoded(base64: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(base64).expect("base64")
}

fn normalise(value: &mut Value) {
    match value {
        Value::Object(map) => {
            let kind = map.get("kind").and_then(Value::as_str).unwrap_or_default();
            // The metadata of what is answered and not stored means nothing.
            if kind.ends_with("Review") || kind == "TokenRequest" {
                map.remove("metadata");
            }
            map.retain(|name, value| !value.is_null() && !OWN.contains(&name.as_str()));
            map.sort_keys();
            map.values_mut().for_each(normalise);
            // Both servers go through maps in no order.
            if let Some(Value::Array(causes)) = map.get_mut("causes") {
                causes.sort_by_key(Value::to_string);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(normalise),
        Value::String(text) => *text = without_identities(text),
        _ => {}
    }
}

/// Messages name uids and resource versions, in parentheses or after a colon.
fn without_identities(text: &str) -> String {
    let is_own = |word: &str| {
        let uid = word.len() == 36 && word.matches('-').count() == 4;
        uid || (word.len() > 1 && word.chars().all(|c| c.is_ascii_digit()))
    };
    let words = text.split_inclusive([' ', '(', ')', '.']);
    words
        .map(|word| {
            let bare = word.trim_end_matches([' ', '(', ')', '.']);
            if is_own(bare) { word.replace(bare, "*") } else { word.to_owned() }
        })
        .collect()
}
