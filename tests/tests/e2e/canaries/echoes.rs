//! Servers, and what is before them, that send back what they were sent.

use std::sync::Arc;

use trustpath_tests::{
    pair::Pair,
    proxy::{Fault, Proxy, Rule},
    view,
};

use super::nest::Nest;

/// A request that comes back, and what becomes of the run then.
struct Echo {
    method: &'static str,
    path: &'static str,
    fault: Fault,
    /// Steps are proven side by side: any of those that ask for the same can be the one that is told.
    codes: &'static [i32],
    /// Whether the words that came back are shown, without what is secret in them.
    quoted: bool,
}

const fn echo(method: &'static str, path: &'static str, fault: Fault, codes: &'static [i32], quoted: bool) -> Echo {
    Echo { method, path, fault, codes, quoted }
}

const OF_VAULT: [Echo; 5] = [
    echo("GET", "sys/policies/acl/apps-read", Fault::Echo(403), &[5], true),
    echo("GET", "sys/policies/acl/apps-read", Fault::EchoPage(500), &[4], true),
    echo("POST", "auth/kubernetes/config", Fault::Echo(400), &[8], true),
    echo("POST", "auth/kubernetes/role/external-secrets", Fault::EchoPage(500), &[4], true),
    echo("POST", "auth/kubernetes/login", Fault::Echo(400), &[11], false),
];

const OF_KUBERNETES: [Echo; 4] = [
    echo("GET", "namespaces/external-secrets", Fault::Echo(403), &[5], true),
    echo("GET", "namespaces/external-secrets", Fault::EchoPage(500), &[8], true),
    echo("PATCH", "clustersecretstores/vault-backend", Fault::Echo(422), &[8], true),
    echo("POST", "serviceaccounts/external-secrets/token", Fault::Echo(400), &[8, 11], true),
];

async fn each(nest: &mut Nest, proxy: &Proxy, echoes: &[Echo]) {
    for echo in echoes {
        let (path, what) = (echo.path.to_owned(), format!("{} {} {:?}", echo.method, echo.path, echo.fault));
        proxy.fault(Rule { method: echo.method, path, times: 1, fault: echo.fault });
        let ran = nest.program.run(&["apply", "--yes", "-v", "--output", "json"]).await;
        assert!(proxy.faults_fired(), "{what} did not happen");
        assert!(echo.codes.contains(&ran.code), "{what}: exit code {}\n{}", ran.code, ran.stderr);
        assert!(!echo.quoted || ran.stderr.contains("[hidden]"), "{what}: it was not quoted\n{}", ran.stderr);
        nest.keep(&what, &ran);
        nest.pair.lift();
        nest.look();
    }
}

pub(crate) async fn in_what_a_hostile_vault_sends_back(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let mut nest = Nest::new(pair.clone()).await;
    each(&mut nest, &pair.vault_proxy, &OF_VAULT).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "a run left something");
    assert!(nest.state_files() > 1, "there is no journal to look through");
    nest.search(&["a value in KV"]).await;
}

pub(crate) async fn in_what_a_hostile_cluster_sends_back(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let mut nest = Nest::new(pair.clone()).await;
    super::plugin::exec(&mut nest);
    each(&mut nest, &pair.kubernetes_proxy, &OF_KUBERNETES).await;
    super::plugin::was_run_and_told_nothing(&mut nest);
    view::assert_same(&before, &view::snapshot(&pair).await, "a run left something");
    nest.search(&["a value in KV"]).await;
}
