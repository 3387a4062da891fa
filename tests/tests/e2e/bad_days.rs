//! Servers and credentials that are wrong: a clear screen, and nothing left.

use std::sync::Arc;

use secrecy::ExposeSecret;
use serde_json::json;
use trustpath_provision::{OpenBao, Options, Tls};
use trustpath_tests::{crd::Crd, pair::Pair, program::Program, view};

use crate::screens;

/// Runs `apply`, and holds its screen against the snapshot. Nothing may be left on the servers.
async fn refused(pair: &Pair, name: &str, code: i32, program: &Program, more: &[&str]) {
    let before = view::snapshot(pair).await;
    pair.forget();
    let ran = program.fails(code, &[&["apply", "--yes"], more].concat()).await;
    pair.quiet().await;
    view::assert_same(&before, &view::snapshot(pair).await, "a refused run changed something");
    screens::same(name, pair, program, &ran);
}

/// The same, where the plan already says no: not even one write is sent.
async fn refused_unwritten(pair: &Pair, name: &str, code: i32, program: &Program, more: &[&str]) {
    refused(pair, name, code, program, more).await;
    let seen = [pair.vault_proxy.seen(), pair.kubernetes_proxy.seen()].concat();
    let written: Vec<_> = seen.iter().filter(|request| request.writes()).collect();
    assert!(written.is_empty(), "something was written: {written:?}");
}

/// The two families of Vault have their own words.
fn by_vault(pair: &Pair, name: &str) -> String {
    format!("{name}@{}", if pair.which.hashicorp_vault { "vault" } else { "openbao" })
}

pub(crate) async fn no_vault_address(pair: Arc<Pair>) {
    let program = Program::on(&pair).without("VAULT_ADDR");
    refused_unwritten(&pair, "no_vault_address", 3, &program, &[]).await;
}

pub(crate) async fn an_invalid_token(pair: Arc<Pair>) {
    let program = Program::on(&pair).with("VAULT_TOKEN", "hvs.this-token-was-never-issued");
    refused_unwritten(&pair, &by_vault(&pair, "an_invalid_token"), 5, &program, &[]).await;
}

pub(crate) async fn a_token_that_lacks_a_right(pair: Arc<Pair>) {
    for (lacking, kept) in [("read", r#"["create", "update", "delete"]"#), ("update", r#"["read", "delete"]"#)] {
        let rules = format!(
            "path \"*\" {{\n capabilities = [\"create\", \"read\", \"update\", \"delete\", \"list\", \"sudo\"]\n}}\n\
             path \"sys/policies/acl/apps-read\" {{\n capabilities = {kept}\n}}\n"
        );
        pair.vault.post("sys/policies/acl/almost-all", &json!({"policy": rules})).await;
        let made = pair.vault.post("auth/token/create", &json!({"policies": ["almost-all"]})).await;
        let program = Program::on(&pair).with("VAULT_TOKEN", made["auth"]["client_token"].as_str().unwrap());
        let name = by_vault(&pair, &format!("a_token_that_lacks_{lacking}"));
        refused(&pair, &name, 5, &program, &[]).await;
        let accessor = json!({"accessor": made["auth"]["accessor"]});
        pair.vault.post("auth/token/revoke-accessor", &accessor).await;
        pair.vault.delete("sys/policies/acl/almost-all").await;
    }
}

pub(crate) async fn a_sealed_vault(pair: Arc<Pair>) {
    let sealed = OpenBao::start_with(Options { sealed: true, ..Options::default() }).await.unwrap();
    let program = Program::on(&pair).with("VAULT_ADDR", sealed.address());
    refused_unwritten(&pair, "a_sealed_vault", 9, &program, &[]).await;
}

pub(crate) async fn an_unreachable_api_server(pair: Arc<Pair>) {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let program = Program::on(&pair);
    let kubeconfig = std::fs::read_to_string(pair.kubeconfig()).unwrap();
    let kubeconfig = kubeconfig.replace(&pair.kubernetes_proxy.address().to_string(), &nobody.to_string());
    let kubeconfig = program.file("kubeconfig", &kubeconfig).display().to_string();
    let program = program.with("KUBECONFIG", &kubeconfig);
    refused_unwritten(&pair, "an_unreachable_api_server", 4, &program, &[]).await;
}

pub(crate) async fn a_wrong_ca(pair: Arc<Pair>) {
    let program = Program::on(&pair);
    let other = trustpath_sandbox::tls::identity().unwrap().ca_pem;
    use base64::{Engine, engine::general_purpose::STANDARD};
    let kubeconfig = std::fs::read_to_string(pair.kubeconfig()).unwrap();
    let kubeconfig = kubeconfig.replace(&STANDARD.encode(pair.proxy_ca()), &STANDARD.encode(other));
    let kubeconfig = program.file("kubeconfig", &kubeconfig).display().to_string();
    let program = program.with("KUBECONFIG", &kubeconfig);
    refused_unwritten(&pair, "a_wrong_ca_of_kubernetes", 4, &program, &[]).await;

    let vault = OpenBao::start_with(Options { tls: Some(Tls::default()), ..Options::default() }).await.unwrap();
    let token = vault.root_token().expose_secret().to_owned();
    let program =
        Program::on(&pair).with("VAULT_ADDR", vault.address()).with("VAULT_TOKEN", &token).without("VAULT_CACERT");
    refused_unwritten(&pair, "a_wrong_ca_of_vault", 4, &program, &[]).await;
    let ca = vault.ca().unwrap().display().to_string();
    program.with("VAULT_CACERT", &ca).fails(2, &["plan", "--detailed-exitcode"]).await;
}

pub(crate) async fn a_missing_namespace(pair: Arc<Pair>) {
    let program = Program::on(&pair);
    let set = "steps.service-account.with.create_namespace=false";
    refused_unwritten(&pair, "a_missing_namespace", 9, &program, &["--set", set]).await;
}

pub(crate) async fn an_unknown_vault_namespace(pair: Arc<Pair>) {
    let program = Program::on(&pair).with("VAULT_NAMESPACE", "nowhere");
    refused_unwritten(&pair, "an_unknown_vault_namespace", 9, &program, &[]).await;
}

pub(crate) async fn the_crd_is_missing(pair: Arc<Pair>) {
    Crd::remove(&pair.kubernetes).await;
    let program = Program::on(&pair);
    refused_unwritten(&pair, "the_crd_is_missing", 9, &program, &[]).await;
    Crd::own_v1().install(&pair.kubernetes).await;
}

pub(crate) async fn a_mount_of_another_type(pair: Arc<Pair>) {
    pair.vault.post("sys/auth/kubernetes", &json!({"type": "approle"})).await;
    let program = Program::on(&pair);
    refused_unwritten(&pair, &by_vault(&pair, "a_mount_of_another_type"), 6, &program, &[]).await;
    pair.vault.delete("sys/auth/kubernetes").await;
}

pub(crate) async fn a_config_of_another_cluster(pair: Arc<Pair>) {
    pair.vault.post("sys/auth/kubernetes", &json!({"type": "kubernetes"})).await;
    let config = json!({"kubernetes_host": "https://another.example:6443", "kubernetes_ca_cert": pair.proxy_ca()});
    pair.vault.post("auth/kubernetes/config", &config).await;
    let program = Program::on(&pair);
    refused_unwritten(&pair, "a_config_of_another_cluster", 6, &program, &[]).await;
    pair.vault.delete("sys/auth/kubernetes").await;
}
