//! The same requests to this server and to a real kube-apiserver: what comes back must be the same,
//! so that the one cannot drift away from the other.
//!
//! The first run builds the real server, which takes some minutes and needs Go.

mod cases;
mod server;

use std::fmt::Write as _;

use serde_json::json;
use trustpath_provision::KubeApiserver;
use trustpath_sandbox::{CLUSTER_SECRET_STORE_CRD, KubernetesApi};

use self::{
    cases::{Case, STORES},
    server::Server,
};

#[tokio::test]
async fn the_sandbox_and_a_kube_apiserver_answer_alike() {
    rustls::crypto::ring::default_provider().install_default().expect("no one was before us");
    let api = KubernetesApi::start().expect("the sandbox starts");
    let real = KubeApiserver::start().await.expect("the real server starts");
    let kubeconfig = std::fs::read_to_string(real.kubeconfig()).expect("the kubeconfig is there");
    let servers = [Server::of(&api.kubeconfig()), Server::of(&kubeconfig)];
    for server in &servers {
        install_crd(server).await;
    }

    let mut different = String::new();
    for case in cases::all() {
        let [ours, theirs] = &servers;
        let (ours, theirs) = (ours.answer(&case).await, theirs.answer(&case).await);
        if ours != theirs {
            let asked = format!("{} {} as {}\n{}", case.method, case.path, case.user, case.body);
            writeln!(different, "{asked}\nours:   {ours}\ntheirs: {theirs}\n").expect("memory");
        }
    }
    assert!(different.is_empty(), "{different}");
}

async fn install_crd(server: &Server) {
    let crd = serde_saphyr::from_str(CLUSTER_SECRET_STORE_CRD).expect("the CRD is YAML");
    let crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    assert_eq!(server.answer(&Case::new("POST", crds, crd)).await["status"], 201);
    let list = Case::new("GET", STORES, json!(null));
    let begun = std::time::Instant::now();
    while server.answer(&list).await["status"] != 200 {
        assert!(begun.elapsed().as_secs() < 60, "the CRD is not served");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}
