use std::time::SystemTime;

use axum::{body::Bytes, http::HeaderMap};

use super::*;
use crate::proxy::Hidden;

fn request(token: (&'static str, &str), line: &str, status: u16, body: &str) -> Seen {
    let (method, path) = line.split_once(' ').unwrap();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut headers = HeaderMap::new();
    headers.insert(token.0, token.1.parse().unwrap());
    Seen {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        agent: String::new(),
        status,
        at: SystemTime::now(),
        headers: Hidden(headers),
        body: Hidden(Bytes::from(body.to_owned())),
        answer: Hidden(Bytes::new()),
    }
}

fn of_vault(lines: &[&str]) -> Vec<String> {
    let seen: Vec<_> = lines.iter().map(|line| request(("x-vault-token", "ours"), line, 200, "")).collect();
    at_vault(&seen, "ours", |path| !path.contains("role")).into_iter().collect()
}

fn of_kubernetes(line: &str, status: u16, body: &str) -> Vec<String> {
    at_kubernetes(&[request(("authorization", "Bearer ours"), line, status, body)], "ours").into_iter().collect()
}

#[test]
fn what_is_not_there_is_made_and_then_changed() {
    let role = "POST /v1/auth/kubernetes/role/a";
    assert_eq!(of_vault(&[role]), ["`create` on `auth/kubernetes/role/a`"]);
    assert_eq!(of_vault(&[role, role]).len(), 2);
    assert_eq!(of_vault(&["POST /v1/sys/policies/acl/a"]), ["`update` on `sys/policies/acl/a`"]);
}

#[test]
fn a_mount_is_guarded_by_more_and_what_every_token_may_by_nothing() {
    let on = "on `sys/auth/kubernetes`";
    assert_eq!(of_vault(&["DELETE /v1/sys/auth/kubernetes"]), [format!("`delete` {on}"), format!("`sudo` {on}")]);
    assert_eq!(of_vault(&["GET /v1/auth/a/role?list=true"]), ["`list` on `auth/a/role`"]);
    assert!(of_vault(&["POST /v1/sys/capabilities-self", "GET /v1/sys/internal/ui/mounts"]).is_empty());
    let theirs = request(("x-vault-token", "theirs"), "GET /v1/sys/auth", 200, "");
    assert!(at_vault(&[theirs], "ours", |_| true).is_empty());
}

#[test]
fn a_path_of_the_api_says_what_it_is_about() {
    assert_eq!(of_kubernetes("GET /api/v1/namespaces/a", 200, ""), ["`get` on namespaces `a`"]);
    assert_eq!(of_kubernetes("GET /api/v1/namespaces/a/pods", 403, ""), ["`list` on pods in `a`"]);
    let token = "POST /api/v1/namespaces/a/serviceaccounts/b/token";
    assert_eq!(of_kubernetes(token, 201, ""), ["`create` on serviceaccounts/token `b` in `a`"]);
    let store = "PATCH /apis/external-secrets.io/v1/clustersecretstores/b?dryRun=All";
    let what = "clustersecretstores.external-secrets.io `b`";
    assert_eq!(of_kubernetes(store, 201, ""), [format!("`create` on {what}"), format!("`patch` on {what}")]);
    for discovery in ["/api", "/api/v1", "/apis", "/apis/apps", "/apis/apps/v1", "/version"] {
        assert!(of_kubernetes(&format!("GET {discovery}"), 200, "").is_empty(), "{discovery}");
    }
    assert!(of_kubernetes("POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews", 201, "").is_empty());
}

#[test]
fn who_binds_a_role_binds_that_one() {
    let body = r#"{"roleRef": {"kind": "ClusterRole", "name": "r"}}"#;
    let used = of_kubernetes("PATCH /apis/rbac.authorization.k8s.io/v1/clusterrolebindings/b", 200, body);
    assert!(used.contains(&"`bind` on clusterroles.rbac.authorization.k8s.io `r`".to_owned()), "{used:?}");
}
