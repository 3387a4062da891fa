//! kube-apiserver starts, its controllers do their part, and it is gone when its value is.

mod common;

use common::{eventually, lives};
use k8s_openapi::{
    api::core::v1::{ConfigMap, Namespace, Secret, ServiceAccount},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::{
    Api, Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use trustpath_provision::KubeApiserver;

async fn client(server: &KubeApiserver) -> Client {
    rustls::crypto::ring::default_provider().install_default().ok();
    let kubeconfig = Kubeconfig::read_from(server.kubeconfig()).unwrap();
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    Client::try_from(config).unwrap()
}

fn named(name: &str) -> ObjectMeta {
    ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() }
}

#[tokio::test]
async fn starts_ready_and_leaves_nothing_behind() {
    let server = KubeApiserver::start().await.unwrap();
    let client = client(&server).await;
    assert_eq!(client.apiserver_version().await.unwrap().git_version, "v1.37.2");
    let system: Namespace = Api::all(client).get("kube-system").await.unwrap();
    assert!(system.metadata.uid.is_some());

    let (pid, dir) = (server.pid(), server.log().parent().unwrap().to_owned());
    assert!(lives(pid));
    drop(server);
    eventually("the process is gone", async || !lives(pid)).await;
    assert!(!dir.exists());
}

#[tokio::test]
async fn namespaces_are_filled_and_removed() {
    let server = KubeApiserver::start().await.unwrap();
    let client = client(&server).await;
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), "apps");
    let configs: Api<ConfigMap> = Api::namespaced(client, "apps");
    namespaces.create(&<_>::default(), &Namespace { metadata: named("apps"), ..<_>::default() }).await.unwrap();
    eventually("it has what every namespace has", async || {
        accounts.get_opt("default").await.unwrap().is_some()
            && configs.get_opt("kube-root-ca.crt").await.unwrap().is_some()
    })
    .await;
    namespaces.delete("apps", &<_>::default()).await.unwrap();
    eventually("it is removed", async || namespaces.get_opt("apps").await.unwrap().is_none()).await;
}

#[tokio::test]
async fn a_token_secret_is_filled() {
    let server = KubeApiserver::start().await.unwrap();
    let client = client(&server).await;
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), "default");
    let secrets: Api<Secret> = Api::namespaced(client, "default");
    accounts.create(&<_>::default(), &ServiceAccount { metadata: named("reviewer"), ..<_>::default() }).await.unwrap();
    let mut secret = Secret { metadata: named("reviewer"), ..<_>::default() };
    secret.type_ = Some("kubernetes.io/service-account-token".into());
    let account = ("kubernetes.io/service-account.name".to_owned(), "reviewer".to_owned());
    secret.metadata.annotations = Some([account].into());
    secrets.create(&<_>::default(), &secret).await.unwrap();
    eventually("it holds a token and the CA", async || {
        let data = secrets.get("reviewer").await.unwrap().data.unwrap_or_default();
        data.contains_key("token") && data.contains_key("ca.crt")
    })
    .await;
}
