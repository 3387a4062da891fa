//! Places where secrets are by mistake: URLs, and the words of a panic.

use std::sync::Arc;

use trustpath_tests::{
    pair::Pair,
    program::{Program, build},
    proxy::Proxy,
};

use super::nest::Nest;

const USER: &str = "c4nary-user";
const PASSWORD: &str = "c4nary-p4ssword-of-a-url";

fn with_password(scheme: &str, rest: &str) -> String {
    format!("{scheme}://{USER}:{PASSWORD}@{rest}")
}

/// A user and a password in a URL are refused, and not repeated.
pub(crate) async fn in_urls(pair: Arc<Pair>) {
    let mut nest = Nest::new(pair.clone()).await;
    nest.canaries.watch("the password in a URL", PASSWORD);
    nest.canaries.held("the password in a URL", "it is refused for its sake");
    let address = pair.vault_proxy.address().to_string();
    nest.with("VAULT_ADDR", &with_password("https", &address));
    let ran = nest.run(3, &["plan"]).await;
    assert!(ran.stderr.contains("it holds a user or a password"), "{}", ran.stderr);
    nest.with("VAULT_ADDR", &format!("https://{address}"));
    let config = pair.kubeconfig_of(pair.admin_token()).replace("https://", &format!("https://{USER}:{PASSWORD}@"));
    let config = nest.give("kubeconfig", &config).display().to_string();
    nest.with("KUBECONFIG", &config);
    let ran = nest.run(3, &["apply", "--yes"]).await;
    assert!(ran.stderr.contains("holds a user or a password"), "{}", ran.stderr);
    nest.with("KUBECONFIG", &pair.kubeconfig().display().to_string());
    nest.with_overlay(&format!("[connections.vault]\nserver = {:?}\n", with_password("http", "vault.vault.svc:8200")));
    let ran = nest.run(3, &["apply", "--yes", "--output", "json"]).await;
    assert!(ran.stderr.contains("holds a user or a password"), "{}", ran.stderr);
    nest.give("overlay.toml", &std::fs::read_to_string(nest.program.home().join("overlay.toml")).expect("the overlay"));
    std::fs::remove_file(nest.program.home().join("overlay.toml")).expect("the overlay, which holds it");
    nest.canaries.held("the token of the cluster", "it is in the kubeconfig that was refused");
    nest.search(&["a value in KV", "the reviewer's JWT"]).await;
}

/// A proxy's password goes to the proxy, and nowhere else, whether it lets anything through or not.
pub(crate) async fn of_a_proxy(pair: Arc<Pair>) {
    let mut nest = Nest::new(pair.clone()).await;
    nest.canaries.watch("the password of a proxy", PASSWORD);
    let (host, ca) = pair.kubernetes_direct();
    let proxy = Proxy::start(pair.vault_direct(), None, None).await;
    let closed = Proxy::start(host, Some(ca), None).await;
    nest.with("VAULT_ADDR", "http://vault.invalid:8200");
    nest.with("VAULT_PROXY_ADDR", &with_password("http", &proxy.address().to_string()));
    nest.run(0, &["apply", "--yes", "policy"]).await;
    nest.run(0, &["rollback", "--yes"]).await;
    let basic =
        |user: &str| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("{user}:{PASSWORD}"));
    let sent = |proxy: &Proxy| {
        proxy.seen().iter().any(|seen| {
            seen.headers
                .0
                .values()
                .any(|value| value.to_str().is_ok_and(|value| value == format!("Basic {}", basic(USER))))
        })
    };
    assert!(sent(&proxy), "the proxy was not told the password");
    nest.canaries.held("the password of a proxy", "the proxy was told");
    let seen = proxy.seen();
    nest.canaries.saw(&seen);
    let mut config = pair.kubeconfig_of(pair.admin_token());
    for (scheme, code) in [("http", 4), ("ftp", 3)] {
        let through = with_password(scheme, &closed.address().to_string());
        config = config.replace("\"server\":", &format!("\"proxy-url\":{through:?},\"server\":"));
        let file = nest.give(&format!("kubeconfig-{scheme}"), &config).display().to_string();
        config = pair.kubeconfig_of(pair.admin_token());
        nest.with("KUBECONFIG", &file);
        nest.run(code, &["plan"]).await;
    }
    nest.canaries.held("the token of the cluster", "it is in the kubeconfig whose proxy lets nothing through");
    nest.search(&["a value in KV", "the reviewer's JWT"]).await;
}

/// A step that panics with a secret in its words.
pub(crate) async fn in_a_panic(pair: Arc<Pair>) {
    let built = tokio::task::spawn_blocking(|| build("trustpath-panicking-step", "trustpath-panicking-step"));
    let mut nest = Nest::new(pair.clone()).await;
    let token = secrecy::ExposeSecret::expose_secret(&nest.token).to_owned();
    let program = Program::of(built.await.expect("it is built")).connected(&pair).with("VAULT_TOKEN", &token);
    let mut program = program.with("RUST_BACKTRACE", "full").with("RUST_LOG", "trace");
    let verbs =
        [("plan", vec!["plan"]), ("verify", vec!["verify"]), ("apply", vec!["apply", "--yes", "--output", "json"])];
    for (at, verb) in verbs {
        let step =
            format!("[run]\nin_flight_timeout = \"1s\"\n[steps.it]\nuses = \"panicking\"\nwith = {{ at = {at:?} }}\n");
        let file = program.file(&format!("{at}.toml"), &format!("graph = \"g\"\n{step}"));
        program = program.with("TRUSTPATH_FILE", &file.display().to_string());
        let ran = program.fails(1, &[&verb[..], &["-v"]].concat()).await;
        assert!(ran.stderr.contains("panicking-step/src/main.rs"), "{}", ran.stderr);
        nest.keep(&verb.join(" "), &ran);
    }
    nest.canaries.held("the Vault token", "the panic is in the line that reads it");
    nest.canaries.assert_absent_below(program.home(), &[]);
    nest.search(&["a value in KV", "the reviewer's JWT"]).await;
}
