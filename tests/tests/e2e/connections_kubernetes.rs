//! Connections to Kubernetes as kubectl makes them.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::{ServerConfig, crypto::ring::default_provider, pki_types::PrivateKeyDer};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use trustpath_tests::{pair::Pair, program::Program, proxy::Proxy};

const PLAN: &[&str] = &["plan", "--detailed-exitcode"];
const SECRET: &str = "s3cret-of-the-plugin";

fn kubeconfig(pair: &Pair) -> Value {
    serde_json::from_str(&pair.kubeconfig_of(pair.admin_token())).expect("a kubeconfig in JSON")
}

/// With this user in the place of the one with the token.
fn as_user(pair: &Pair, user: Value) -> Program {
    let program = Program::on(pair);
    let mut config = kubeconfig(pair);
    config["users"][0]["user"] = user;
    let file = program.file("config", &config.to_string()).display().to_string();
    program.with("KUBECONFIG", &file)
}

/// The context in one file; what it leads to in another one, elsewhere, with paths that are seen from there.
pub(crate) async fn two_kubeconfigs_are_one(pair: Arc<Pair>) {
    let program = Program::on(&pair);
    for folder in ["one", "two"] {
        std::fs::create_dir(program.home().join(folder)).expect("a folder in a directory of our own");
    }
    program.file("two/ca.pem", &pair.proxy_ca());
    program.file("two/token", &format!("{}\n", pair.admin_token().expose_secret()));
    let mut leads_to = kubeconfig(&pair);
    let first = json!({"contexts": leads_to["contexts"], "current-context": leads_to["current-context"]});
    let server = leads_to["clusters"][0]["cluster"]["server"].take();
    leads_to["clusters"][0]["cluster"] = json!({"server": server, "certificate-authority": "ca.pem"});
    leads_to["users"][0]["user"] = json!({"tokenFile": "./token"});
    leads_to["current-context"] = json!("no-such-context");
    program.file("one/config", &first.to_string());
    program.file("two/config", &leads_to.to_string());
    let program = program.with("KUBECONFIG", ":one/config:one/missing:two/config");
    let ran = program.fails(2, PLAN).await;
    assert!(ran.stderr.contains("one/missing, which is not there"), "{}", ran.stderr);
}

pub(crate) async fn a_missing_plugin_is_named_with_its_hint(pair: Arc<Pair>) {
    let program = as_user(
        &pair,
        json!({"exec": {
            "apiVersion": "client.authentication.k8s.io/v1beta1", "command": "trustpath_no_such_plugin",
            "installHint": "Install it with:\n\n  krew install no-such-plugin", "args": ["get-token"],
        }}),
    );
    let ran = program.fails(5, PLAN).await;
    for words in ["trustpath_no_such_plugin", "Install it with: krew install no-such-plugin"] {
        assert!(ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ").contains(words), "{}", ran.stderr);
    }
}

pub(crate) async fn a_failing_plugin_is_quoted_without_its_secrets(pair: Arc<Pair>) {
    let script = format!("echo {SECRET}; echo \"expired: $KEY $0 hvs.CAESIJc4n4ryOfAPluginToken\" >&2; exit 7");
    let program = as_user(
        &pair,
        json!({"exec": {
            "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "interactiveMode": "IfAvailable",
            "args": ["-c", script, "--client-secret=another-s3cret"], "env": [{"name": "KEY", "value": SECRET}],
        }}),
    );
    let ran = program.fails(5, PLAN).await;
    assert!(ran.stderr.contains("exit status: 7: expired: [hidden]"), "{}", ran.stderr);
    for secret in [SECRET, "another-s3cret", "CAESIJc4"] {
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(secret), "{}", ran.stderr);
    }
}

/// The usual home setup. What is not that very certificate is refused.
pub(crate) async fn a_server_that_is_its_own_authority(pair: Arc<Pair>) {
    let key = KeyPair::generate().expect("a key");
    let itself = itself(&key, 1);
    let (server, ca) = pair.kubernetes_direct();
    let own = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let tls = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_no_client_auth()
        .with_single_cert(vec![itself.der().clone()], own)
        .expect("a server");
    let front = Proxy::start(server, Some(ca), Some(tls.into())).await;
    for (pem, code) in [(itself.pem(), 2), (self::itself(&key, 2).pem(), 4)] {
        let mut config = kubeconfig(&pair);
        let url = format!("https://{}", front.address());
        config["clusters"][0]["cluster"] = json!({"server": url, "certificate-authority-data": STANDARD.encode(pem)});
        let program = Program::on(&pair);
        let file = program.file("config", &config.to_string()).display().to_string();
        let ran = program.with("KUBECONFIG", &file).fails(code, PLAN).await;
        assert_eq!(ran.stderr.contains("byte for byte"), code == 4, "{}", ran.stderr);
    }
}

fn itself(key: &KeyPair, number: u64) -> rcgen::Certificate {
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.serial_number = Some(number.into());
    params.self_signed(key).expect("a certificate")
}
