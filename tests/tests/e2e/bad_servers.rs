//! Servers that are taken away in the middle of a run: what cannot be taken back then is taken back later.

use std::sync::Arc;

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::process::Child;
use trustpath_provision::{OpenBao, Options};
use trustpath_tests::{
    pair::Pair,
    program::Program,
    proxy::{Fault, Proxy, Rule},
    rest::Rest,
    view,
};

const ROLE: &str = "auth/kubernetes/role/external-secrets";

/// A Vault of the case's own, with a proxy in front of it.
struct Own {
    server: OpenBao,
    proxy: Proxy,
    vault: Rest,
}

impl Own {
    async fn start() -> Self {
        let server = OpenBao::start_with(Options { on_disk: true, ..Options::default() }).await.expect("an OpenBao");
        let proxy = Proxy::start(server.address(), None, None).await;
        let vault = Rest::vault(server.address(), server.root_token().clone());
        vault.post("sys/policies/acl/apps-read", &json!({"policy": "# mine\n"})).await;
        Self { server, proxy, vault }
    }

    /// The program, against this Vault and the pair's cluster.
    fn program(&self, pair: &Pair) -> Program {
        let program = Program::on(pair)
            .with("VAULT_ADDR", &format!("http://{}", self.proxy.address()))
            .with("VAULT_TOKEN", self.server.root_token().expose_secret())
            .with("VAULT_CLIENT_TIMEOUT", "2");
        let limits = program.file("limits.toml", "[run]\nin_flight_timeout = \"1s\"\nstep_timeout = \"20s\"\n");
        let files = [trustpath_tests::program::standard_file(), pair.overlay_file(), limits];
        program.with("TRUSTPATH_FILE", &files.map(|file| file.display().to_string()).join(":"))
    }

    async fn snapshot(&self, pair: &Pair) -> Value {
        json!({"vault": view::vault(&self.vault).await, "kubernetes": view::kubernetes(&pair.kubernetes).await})
    }

    /// Applies until the role's write is held.
    async fn held(&self, program: &Program) -> Child {
        self.proxy.fault(Rule { method: "POST", path: ROLE.into(), times: 1, fault: Fault::Hold });
        program.until_held(&["apply", "--yes", "--adopt", "policy"], &self.proxy).await
    }

    /// The run ends stuck, says how to go on, and goes on when the server is back.
    async fn stuck(&self, child: Child) {
        self.proxy.release();
        let output = child.wait_with_output().await.expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(12), "{said}");
        assert!(said.contains("trustpath rollback"), "{said}");
    }
}

/// Sealed by hand in the middle of a run.
pub(crate) async fn sealed_in_the_middle(pair: Arc<Pair>) {
    let own = Own::start().await;
    let program = own.program(&pair);
    let before = own.snapshot(&pair).await;
    let child = own.held(&program).await;
    own.vault.post("sys/seal", &json!({})).await;
    own.stuck(child).await;
    own.server.unseal().await.expect("it is unsealed");
    program.ok(&["rollback", "--yes"]).await;
    view::assert_same(&before, &own.snapshot(&pair).await, "the run left something");
}

/// Restarted in the middle of a run, as an upgrade does it: the undo finds it gone, and then sealed.
pub(crate) async fn restarted_in_the_middle(pair: Arc<Pair>) {
    let mut own = Own::start().await;
    let program = own.program(&pair);
    let before = own.snapshot(&pair).await;
    let child = own.held(&program).await;
    own.server.restart().await.expect("it starts again");
    own.stuck(child).await;
    own.server.unseal().await.expect("it is unsealed");
    program.ok(&["rollback", "--yes"]).await;
    view::assert_same(&before, &own.snapshot(&pair).await, "the run left something");
}

/// A token that is gone in the middle of a run: another one takes everything back.
pub(crate) async fn a_token_that_ends_in_the_middle(pair: Arc<Pair>) {
    let own = Own::start().await;
    let made = own.vault.post("auth/token/create", &json!({"policies": ["root"]})).await;
    let token = made["auth"]["client_token"].as_str().expect("a token").to_owned();
    let root = own.program(&pair);
    let before = own.snapshot(&pair).await;
    let program = own.program(&pair).with("VAULT_TOKEN", &token);
    let child = own.held(&program).await;
    own.vault.post("auth/token/revoke", &json!({"token": token})).await;
    own.stuck(child).await;
    let state = program.home().join("state").display().to_string();
    root.ok(&["rollback", "--yes", "--state-dir", &state]).await;
    view::assert_same(&before, &own.snapshot(&pair).await, "the run left something");
}
