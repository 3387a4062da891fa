//! OpenBao starts, as asked, and is gone when its value is.

mod common;

use common::{eventually, lives};
use reqwest::{Certificate, Client, ClientBuilder, Identity, StatusCode};
use secrecy::ExposeSecret;
use serde_json::Value;
use trustpath_provision::{OpenBao, Options, Tls};

fn http() -> ClientBuilder {
    // The other tests of this process may have been first.
    rustls::crypto::ring::default_provider().install_default().ok();
    Client::builder().no_proxy()
}

async fn health(client: &Client, address: &str) -> (StatusCode, Value) {
    let response = client.get(format!("{address}/v1/sys/health")).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

/// The status of reading one's own token: only an active server that knows it says 200.
async fn look_up(server: &OpenBao) -> StatusCode {
    let client = http().build().unwrap();
    let url = format!("{}/v1/auth/token/lookup-self", server.address());
    client.get(url).header("X-Vault-Token", server.root_token().expose_secret()).send().await.unwrap().status()
}

#[tokio::test]
async fn starts_ready_and_leaves_nothing_behind() {
    let server = OpenBao::start().await.unwrap();
    let (status, health) = health(&http().build().unwrap(), server.address()).await;
    assert_eq!(status, StatusCode::OK);
    assert!(health["version"].as_str().unwrap().starts_with("2.7."), "{health}");
    assert_eq!(look_up(&server).await, StatusCode::OK);

    let (pid, dir) = (server.pid(), server.log().parent().unwrap().to_owned());
    assert!(lives(pid));
    drop(server);
    eventually("the group is empty", async || !lives(pid)).await;
    assert!(!dir.exists());
}

#[tokio::test]
async fn two_do_not_get_in_each_others_way() {
    let (one, two) = tokio::join!(OpenBao::start(), OpenBao::start());
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_ne!(one.address(), two.address());
    assert_ne!(one.root_token().expose_secret(), two.root_token().expose_secret());
    assert_eq!((look_up(&one).await, look_up(&two).await), (StatusCode::OK, StatusCode::OK));
}

#[tokio::test]
async fn can_be_left_sealed() {
    let server = OpenBao::start_with(Options { sealed: true, ..Options::default() }).await.unwrap();
    let (status, health) = health(&http().build().unwrap(), server.address()).await;
    assert_eq!((status, &health["sealed"]), (StatusCode::SERVICE_UNAVAILABLE, &Value::Bool(true)));
    server.unseal().await.unwrap();
    assert_eq!(look_up(&server).await, StatusCode::OK);
}

#[tokio::test]
async fn on_disk_it_keeps_its_data_over_a_restart() {
    let mut server = OpenBao::start_with(Options { on_disk: true, ..Options::default() }).await.unwrap();
    let before = server.pid();
    server.restart().await.unwrap();
    assert!(!lives(before));
    assert_eq!(look_up(&server).await, StatusCode::SERVICE_UNAVAILABLE);
    server.unseal().await.unwrap();
    assert_eq!(look_up(&server).await, StatusCode::OK);
}

#[tokio::test]
async fn speaks_tls_under_the_names_asked_for() {
    let tls = Tls { names: vec!["openbao.test".into()], ..Tls::default() };
    let server = OpenBao::start_with(Options { tls: Some(tls), ..Options::default() }).await.unwrap();
    let ca = Certificate::from_pem(&std::fs::read(server.ca().unwrap()).unwrap()).unwrap();
    let client =
        http().tls_certs_only([ca]).resolve("openbao.test", ([127, 0, 0, 1], server.port()).into()).build().unwrap();
    let (status, _) = health(&client, &format!("https://openbao.test:{}", server.port())).await;
    assert_eq!(status, StatusCode::OK);
    let by_address = client.get(format!("{}/v1/sys/health", server.address())).send().await;
    assert!(by_address.is_err(), "the certificate is for another name");
}

#[tokio::test]
async fn can_ask_for_a_client_certificate() {
    let tls = Tls { client_certificates: true, ..Tls::default() };
    let server = OpenBao::start_with(Options { tls: Some(tls), ..Options::default() }).await.unwrap();
    let ca = Certificate::from_pem(&std::fs::read(server.ca().unwrap()).unwrap()).unwrap();
    let (certificate, key) = server.client_identity().unwrap();
    let pem = [std::fs::read(certificate).unwrap(), std::fs::read(key).unwrap()].concat();

    let stranger = http().tls_certs_only([ca.clone()]).build().unwrap();
    assert!(stranger.get(server.address()).send().await.is_err());
    let friend = http().tls_certs_only([ca]).identity(Identity::from_pem(&pem).unwrap()).build().unwrap();
    assert_eq!(health(&friend, server.address()).await.0, StatusCode::OK);
}
