//! One API server has many addresses: those that tutorials put into a config are this cluster's.

use std::sync::Arc;

use serde_json::{Value, json};
use trustpath_tests::{pair::Pair, program::Program};

/// With a CA in common they are this cluster; with another CA they are another's.
pub(crate) async fn every_address_of_the_api_server_is_this_cluster(pair: Arc<Pair>) {
    let program = Program::on(&pair);
    let other = rcgen::generate_simple_self_signed(["other".to_owned()]).expect("a certificate").cert.pem();
    let mut hosts = vec!["https://kubernetes", "https://kubernetes.default", "https://kubernetes.default.svc:443"];
    let service = pair.kubernetes.get("api/v1/namespaces/default/services/kubernetes").await;
    let ip = service.and_then(|service| Some(format!("https://{}:443", service["spec"]["clusterIP"].as_str()?)));
    assert!(ip.is_some() || !pair.which.real_kubernetes, "a cluster without its own Service");
    hosts.extend(ip.as_deref());
    for host in hosts {
        for (ca, is_this) in [(pair.proxy_ca(), true), (other.clone(), false)] {
            pair.vault.post("sys/auth/kubernetes", &json!({"type": "kubernetes"})).await;
            let config = json!({"kubernetes_host": host, "kubernetes_ca_cert": ca});
            pair.vault.post("auth/kubernetes/config", &config).await;
            let planned = program.run(&["plan"]).await;
            let refused = planned.stderr.contains("serves another cluster");
            assert_eq!(refused, !is_this, "{host}\n{}{}", planned.stdout, planned.stderr);
            assert_eq!(planned.stdout.contains("kubernetes_host"), is_this, "{host}: the host is shown as a change");
            pair.vault.delete("sys/auth/kubernetes").await;
        }
    }
}

/// Vault knows a URL and a CA, and nothing else that a kubeconfig may say of its server.
pub(crate) async fn what_vault_cannot_use_of_a_kubeconfig_is_said_in_the_plan(pair: Arc<Pair>) {
    let program = Program::on(&pair);
    let mut config: Value =
        serde_json::from_str(&pair.kubeconfig_of(pair.admin_token())).expect("a kubeconfig in JSON");
    config["clusters"][0]["cluster"]["tls-server-name"] = json!("localhost");
    let file = program.file("config", &config.to_string()).display().to_string();
    let planned = program.with("KUBECONFIG", &file).fails(2, &["plan", "--detailed-exitcode"]).await;
    let said = format!("{} {}", planned.stdout, planned.stderr);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in ["the API server's address on this machine", "tls-server-name: localhost", "set `kubernetes_host`"] {
        assert!(said.contains(words), "{said}");
    }
}
