//! The proxy itself: each fault happens, is seen to have happened, and leaves the server as it says.

use std::time::Duration;

use reqwest::{Client, Method, Response};
use secrecy::ExposeSecret;
use trustpath_tests::{
    pair::{Pair, Which},
    proxy::{Fault, Key, Lasts, Rule, keys},
};

/// A client that is quickly out of patience, as no server here is slow.
const PATIENCE: Duration = Duration::from_secs(2);

/// Somebody who writes policies through the proxy.
struct Writer<'a> {
    pair: &'a Pair,
    client: Client,
}

impl<'a> Writer<'a> {
    fn new(pair: &'a Pair) -> Self {
        let ca = reqwest::Certificate::from_pem(pair.proxy_ca().as_bytes()).unwrap();
        let client = Client::builder().tls_certs_only([ca]).no_proxy().retry(reqwest::retry::never());
        Self { pair, client: client.timeout(PATIENCE).build().unwrap() }
    }

    async fn send(&self, method: Method, path: &str) -> Result<(u16, String), reqwest::Error> {
        let url = format!("{}/v1/{path}", self.pair.vault_address());
        let body = if method == Method::POST { r##"{"policy":"# p\n"}"## } else { "" };
        let request = self.client.request(method, url).header("X-Vault-Token", self.pair.root_token().expose_secret());
        let response: Response = request.body(body).send().await?;
        Ok((response.status().as_u16(), response.text().await?))
    }

    /// Writes the policy of this name, and says what came back.
    async fn write(&self, name: &str) -> Result<u16, reqwest::Error> {
        Ok(self.send(Method::POST, &format!("sys/policies/acl/{name}")).await?.0)
    }

    async fn is_there(&self, name: &str) -> bool {
        self.pair.vault.get(&format!("sys/policies/acl/{name}")).await.is_some()
    }
}

fn first(name: &str) -> Key {
    Key { what: format!("POST /v1/sys/policies/acl/{name}"), nth: 1 }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_sees_and_faults_requests() {
    let pair = Pair::start(Which::SANDBOX).await;
    let writer = Writer::new(&pair);
    let proxy = &pair.vault_proxy;
    proxy.fault(Rule { method: "GET", path: "sys/health".into(), times: 1, fault: Fault::Refuse(429) });
    assert!(!proxy.faults_fired());
    let mut statuses = Vec::new();
    for _ in 0..2 {
        statuses.push(writer.send(Method::GET, "sys/health").await.unwrap().0);
    }
    assert_eq!(statuses, [429, 200]);
    let seen: Vec<_> = proxy.seen().iter().map(|seen| (seen.line(), seen.status)).collect();
    assert_eq!(seen, [("GET /v1/sys/health".to_owned(), 429), ("GET /v1/sys/health".to_owned(), 200)]);
    assert_eq!(keys(&proxy.seen())[1], Key { what: "GET /v1/sys/health".into(), nth: 2 });
    assert!(proxy.faults_fired());
}

/// What the client is to see, and what the server is to have done.
const FAULTS: [(Fault, Option<u16>, bool); 8] = [
    (Fault::Refuse(500), Some(500), false),
    (Fault::RefuseFor(429, 1), Some(429), false),
    (Fault::LoseAnswer(503), Some(503), true),
    (Fault::ResetBefore, None, false),
    (Fault::ResetAfter, None, true),
    (Fault::CutBody, None, true),
    (Fault::StallBefore, None, false),
    (Fault::StallAfter, None, true),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_leaves_the_server_as_it_says() {
    let pair = Pair::start(Which::SANDBOX).await;
    let writer = Writer::new(&pair);
    for (fault, status, acted) in FAULTS {
        let name = format!("{fault:?}").to_lowercase().replace(['(', ')', ',', ' '], "-");
        pair.vault_proxy.fault_nth(first(&name), Lasts::Once, fault);
        assert_eq!(writer.write(&name).await.ok(), status, "{fault:?}");
        assert!(pair.vault_proxy.faults_fired(), "{fault:?} did not happen");
        pair.quiet().await;
        assert_eq!(writer.is_there(&name).await, acted, "{fault:?}");
        assert_eq!(writer.write(&name).await.unwrap(), 204, "{fault:?} lasted");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_body_is_cut_in_its_middle() {
    let pair = Pair::start(Which::SANDBOX).await;
    let writer = Writer::new(&pair);
    let key = Key { what: "GET /v1/sys/policies/acl/default".into(), nth: 1 };
    pair.vault_proxy.fault_nth(key, Lasts::Once, Fault::CutBody);
    let url = format!("{}/v1/sys/policies/acl/default", pair.vault_address());
    let request = writer.client.get(url).header("X-Vault-Token", pair.root_token().expose_secret());
    let mut response = request.send().await.unwrap();
    let promised = response.content_length().unwrap();
    let mut came = 0;
    let end = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => came += chunk.len() as u64,
            end => break end,
        }
    };
    assert!(end.is_err() && came == promised / 2, "{came} of {promised} bytes, and then {end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_is_delivered_or_dropped() {
    let pair = Pair::start(Which::SANDBOX).await;
    let writer = Writer::new(&pair);
    let proxy = &pair.vault_proxy;
    for (name, fault, discard, acted_before, acted) in [
        ("late", Fault::Hold, false, false, true),
        ("dropped", Fault::Hold, true, false, false),
        ("withheld", Fault::Withhold, false, true, true),
    ] {
        proxy.fault_nth(first(name), Lasts::Once, fault);
        // The client has long given up when the request goes on.
        assert!(writer.write(name).await.unwrap_err().is_timeout());
        proxy.held().await;
        assert_eq!(writer.is_there(name).await, acted_before, "{name}");
        if discard {
            proxy.discard()
        } else {
            proxy.release()
        }
        proxy.quiet().await;
        assert_eq!(writer.is_there(name).await, acted, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lasting_fault_lasts_until_it_is_lifted() {
    let pair = Pair::start(Which::SANDBOX).await;
    let writer = Writer::new(&pair);
    let key = Key { nth: 2, ..first("p") };
    pair.vault_proxy.fault_nth(key, Lasts::On, Fault::Refuse(500));
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(writer.write("p").await.unwrap());
    }
    pair.vault_proxy.lift();
    statuses.push(writer.write("p").await.unwrap());
    assert_eq!(statuses, [204, 500, 500, 204]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_connection_carries_nothing() {
    let pair = Pair::start(Which::SANDBOX).await;
    let writer = Writer::new(&pair);
    pair.vault_proxy.refuse_connections(1, 1);
    let mut answers = Vec::new();
    for name in ["a", "b", "c"] {
        answers.push(writer.write(name).await.map_err(|error| error.is_connect()));
    }
    assert_eq!(
        answers.iter().map(|answer| answer.as_ref().ok().copied()).collect::<Vec<_>>(),
        [Some(204), None, Some(204)]
    );
    assert!(answers[1].as_ref().is_err_and(|connecting| *connecting), "something was sent");
    assert!(pair.vault_proxy.faults_fired());
    assert_eq!(pair.vault_proxy.seen().len(), 2);
}
