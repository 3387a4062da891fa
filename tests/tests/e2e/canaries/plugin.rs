//! Credentials of a cluster as a kubeconfig has them.

use std::collections::BTreeSet;

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::nest::Nest;

/// What the kubeconfig gives the plugin in its environment.
const VARIABLE: &str = "c4nary-for-the-environment-of-the-plugin";

/// A kubeconfig whose token comes from a command: it writes down its environment, and the words of who started it.
pub(super) fn exec(nest: &mut Nest) {
    let token = nest.give("token", nest.pair.admin_token().expose_secret());
    let script = format!(
        "#!/bin/sh\ncp /proc/self/environ '{}'\ncp /proc/$PPID/cmdline '{}'\n\
         printf '{{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{{\"token\":\"%s\"}}}}' \"$(cat '{}')\"\n",
        nest.given("environ").display(),
        nest.given("cmdline").display(),
        token.display(),
    );
    let script = nest.give("plugin.sh", &script).display().to_string();
    let user = json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": [script], "interactiveMode": "Never",
        "env": [{"name": "PLUGIN_SECRET", "value": VARIABLE}],
    }});
    kubeconfig(nest, user);
    nest.canaries.watch("a variable of the plugin", VARIABLE);
}

/// The plugin was run, and was told what is its own and nothing else.
pub(super) fn was_run_and_told_nothing(nest: &mut Nest) {
    let environment = std::fs::read(nest.given("environ")).expect("the plugin was run");
    let leaks = nest.canaries.leaks(&environment).into_iter().map(|leak| leak.secret);
    let leaks: BTreeSet<_> = leaks.collect();
    assert_eq!(leaks, BTreeSet::from(["a variable of the plugin".to_owned()]), "the environment of the plugin");
    nest.canaries.held("a variable of the plugin", "the plugin had it from the program");
    let words = std::fs::read(nest.given("cmdline")).expect("the plugin was run");
    assert!(String::from_utf8_lossy(&words).contains("trustpath"), "these are not the words of the program");
    nest.also("the command line of the program", words);
}

/// A kubeconfig with a token and the key of a client certificate.
pub(super) fn certificate(nest: &mut Nest) {
    let key = rcgen::KeyPair::generate().expect("a key");
    let certificate = rcgen::CertificateParams::new(vec!["client".to_owned()]).expect("parameters");
    let certificate = certificate.self_signed(&key).expect("a certificate");
    let base64 = |pem: &str| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, pem);
    let user = |key: &str| {
        json!({
            "token": nest.pair.admin_token().expose_secret(),
            "client-certificate-data": base64(&certificate.pem()),
            "client-key-data": base64(key),
        })
    };
    let (good, bad) =
        (user(&key.serialize_pem()), user("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
    kubeconfig(nest, bad);
    nest.canaries.watch("the key of the client", &key.serialize_pem());
    kubeconfig_as(nest, "kubeconfig-good", good);
}

fn kubeconfig(nest: &mut Nest, user: Value) {
    kubeconfig_as(nest, "kubeconfig", user);
    let path = nest.given("kubeconfig").display().to_string();
    nest.with("KUBECONFIG", &path);
}

fn kubeconfig_as(nest: &Nest, name: &str, user: Value) {
    let mut config: Value =
        serde_json::from_str(&nest.pair.kubeconfig_of(nest.pair.admin_token())).expect("a kubeconfig in JSON");
    config["users"][0]["user"] = user;
    nest.give(name, &config.to_string());
}
