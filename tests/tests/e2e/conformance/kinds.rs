//! Each kind's case: what another client had put there before.

use std::sync::Arc;

use secrecy::ExposeSecret;
use trustpath_cli as _;
use trustpath_tests::{others, pair::Pair, somebody};

use super::{
    file::CaseFile,
    own,
    world::{KindCase, Somebody},
};

/// Somebody's part of the chain, as a case calls it.
macro_rules! by_somebody {
    ($part:ident) => {
        |pair| Box::pin(async move { somebody::$part(&pair).await })
    };
}

/// The case of a kind.
pub(super) async fn case(kind: &str, pair: &Arc<Pair>) -> KindCase {
    let jwt = std::fs::read_to_string(pair.reviewer_jwt()).expect("the reviewer's JWT");
    let secrets =
        vec![pair.root_token().expose_secret().to_owned(), pair.admin_token().expose_secret().to_owned(), jwt];
    let simple = |step: &str, somebody: Somebody| KindCase {
        pair: pair.clone(),
        step: step.to_owned(),
        servers: pair.overlay(),
        overlay: String::new(),
        somebody,
        file: CaseFile::default(),
        beside: Vec::new(),
        secrets: secrets.clone(),
        after: None,
        reaction: None,
        holder: Arc::default(),
    };
    match kind {
        "service-account" => {
            // Without a label of its own, the step would find an account that is as it should be, whoever made it.
            let overlay = "[steps.service-account.with.labels]\nteam = \"platform\"\n";
            KindCase { overlay: overlay.into(), ..simple("service-account", by_somebody!(account)) }
        }
        "kubernetes-auth" => auth_case(pair, simple("kubernetes-auth", |pair| Box::pin(auth(pair)))).await,
        "policy" => KindCase {
            after: Some("kubernetes-auth"),
            ..simple("policy", |pair| Box::pin(async move { somebody::policy(&pair, "apps-read").await }))
        },
        "kubernetes-role" => simple("role", by_somebody!(role)),
        "cluster-secret-store" => {
            let overlay = "[steps.secret-store.with]\nready_timeout = \"1s\"\n";
            let reaction: Somebody = |pair| Box::pin(async move { others::operator_finds_fault(&pair).await });
            let case = simple("secret-store", by_somebody!(store));
            KindCase { overlay: overlay.into(), reaction: Some(reaction), ..case }
        }
        "token-reviewer" => {
            let overlay = "[steps.token-reviewer]\nuses = \"token-reviewer\"\nneeds = [\"service-account\"]\n\
                           with = { name = \"reviewer\" }\n";
            KindCase { overlay: overlay.into(), ..simple("token-reviewer", by_somebody!(reviewer)) }
        }
        other => {
            let bare = simple("", |_| Box::pin(async {}));
            match CaseFile::of(other) {
                Some(file) => KindCase { step: file.step.clone(), overlay: file.overlay.clone(), file, ..bare },
                None => own::case(other, pair, bare).unwrap_or_else(|| panic!("no conformance.toml in steps/{other}")),
            }
        }
    }
}

/// The JWT that somebody wrote is supplied, so that it can be put back. Both come from Secrets: files take no rights.
async fn auth_case(pair: &Arc<Pair>, case: KindCase) -> KindCase {
    let jwt = pair.reviewer("conformance-reviewer", "conformance").await;
    somebody::keep_jwt(pair, &jwt);
    let servers = "[steps.kubernetes-auth.with]\n\
                   reviewer = { secret = { namespace = \"vault\", name = \"trust-reviewer\" } }\n\
                   previous_reviewer = { secret = { namespace = \"conformance\", name = \"conformance-reviewer\" } }\n";
    let secrets = [case.secrets.clone(), vec![jwt.expose_secret().to_owned()]].concat();
    KindCase { servers: servers.into(), secrets, beside: vec![("conformance-reviewer", "conformance")], ..case }
}

async fn auth(pair: Arc<Pair>) {
    let host = format!("https://{}", pair.kubernetes_proxy.address());
    somebody::auth(&pair, &host, &pair.proxy_ca()).await;
}
