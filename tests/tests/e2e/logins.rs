//! Logins: why they are refused, as whom they are tried, and what cannot be told from here.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::SecretString;
use serde_json::{Value, json};
use trustpath_platform::vault::refusal::LoginRefusal;
use trustpath_tests::{
    pair::Pair,
    program::{Program, Ran, standard_file},
    rest::Rest,
    view,
};

const MOUNT: &str = "logins";
const ROLE: &str = "auth/kubernetes/role/external-secrets";
const BINDINGS: &str = "apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
const OPERATOR: (&str, &str) = ("external-secrets", "external-secrets");

/// A JWT with these claims. A mount without `pem_keys` leaves its signature to the API server.
fn jwt(more: &Value) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs();
    let account = json!({"namespace": "ns", "serviceaccount": {"name": "sa", "uid": "1"}});
    let mut claims = json!({"iss": "i", "aud": ["vault"], "iat": now, "exp": now + 600, "kubernetes.io": account});
    for (name, value) in more.as_object().into_iter().flatten() {
        let seconds = value.as_i64().map(|by| json!(now.saturating_add_signed(by)));
        claims[name] = seconds.unwrap_or_else(|| value.clone());
    }
    let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    format!("{}.{}.AAAA", part(&json!({"alg": "RS256", "typ": "JWT"})), part(&claims))
}

/// What the server says to a login, and the cause that this is told as.
async fn refused(vault: &Rest, mount: &str, body: &Value) -> (String, &'static str) {
    let body = Some(("application/json", body.to_string()));
    let (status, answer) = vault.send("POST", &format!("auth/{mount}/login"), body).await;
    assert!(!status.is_success(), "{answer}");
    let said: Vec<_> = answer["errors"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let said: Vec<_> = said.into_iter().map(str::to_owned).collect();
    (format!("{status} {said:?}"), LoginRefusal::of(&said).map(|refusal| refusal.cause).unwrap_or_default())
}

/// Each text that can be had without waiting is one of the table, for the cause that was set up.
pub(crate) async fn what_servers_say_is_in_the_table(pair: Arc<Pair>) {
    // As the program logs in: without a token.
    let vault = Rest::vault(pair.vault_direct(), SecretString::default());
    let write = async |path: &str, body: Value| pair.vault.post(&format!("auth/{MOUNT}/{path}"), &body).await;
    let is = async |cause: &str, body: Value| {
        let (said, told) = refused(&vault, MOUNT, &body).await;
        assert_eq!(told, cause, "{said}");
    };
    let login = |role: &str, claims: Value| json!({"role": role, "jwt": jwt(&claims)});
    let (host, ca) = pair.kubernetes_direct();
    let reviewer = std::fs::read_to_string(pair.reviewer_jwt()).expect("the reviewer's JWT");
    let config = |host: &str, ca: &str, reviewer: &str| json!({"kubernetes_host": host, "kubernetes_ca_cert": ca, "token_reviewer_jwt": reviewer, "disable_local_ca_jwt": true});

    for (by, cause) in [(&vault, "bare"), (&pair.vault, "no_mount")] {
        let (said, told) = refused(by, "nowhere", &login("r", json!({}))).await;
        assert_eq!(told, cause, "{said}");
    }
    pair.vault.post(&format!("sys/auth/{MOUNT}"), &json!({"type": "kubernetes"})).await;
    is("no_role", login("r", json!({}))).await;
    let bound =
        json!({"bound_service_account_names": "sa", "bound_service_account_namespaces": "ns", "audience": "vault"});
    write("role/r", bound).await;
    write("role/elsewhere", json!({"bound_service_account_names": "sa", "bound_service_account_namespaces": "ns", "token_bound_cidrs": "192.0.2.0/24"})).await;
    write("role/selects", json!({"bound_service_account_names": "sa", "bound_service_account_namespaces": "none", "bound_service_account_namespace_selector": "{\"matchLabels\":{\"a\":\"b\"}}"})).await;
    is("not_configured", login("r", json!({}))).await;
    is("incomplete", json!({"role": "r"})).await;
    is("incomplete", json!({"jwt": "x"})).await;

    let mut with_issuer = config(host, ca, &reviewer);
    with_issuer["issuer"] = "other".into();
    with_issuer["disable_iss_validation"] = false.into();
    write("config", with_issuer).await;
    is("issuer", login("r", json!({}))).await;

    write("config", config(host, ca, &reviewer)).await;
    // OpenBao has it reviewed first.
    let without_uid = if pair.which.hashicorp_vault { "claims" } else { "bare" };
    for (cause, claims) in [
        ("audience", json!({"aud": ["other"]})),
        ("expired", json!({"exp": -3600})),
        ("not_yet", json!({"nbf": 3600})),
        ("not_yet", json!({"iat": 3600, "exp": 7200})),
        ("name", json!({"kubernetes.io": {"namespace": "ns", "serviceaccount": {"name": "other", "uid": "1"}}})),
        ("namespace", json!({"kubernetes.io": {"namespace": "other", "serviceaccount": {"name": "sa", "uid": "1"}}})),
        (without_uid, json!({"kubernetes.io": {"namespace": "ns", "serviceaccount": {"name": "sa"}}})),
        ("claims", json!({"kubernetes.io": "text"})),
        ("claims", json!({"exp": "soon"})),
        // The API server does not know the signature.
        ("bare", json!({})),
    ] {
        is(cause, login("r", claims)).await;
    }
    is("bare", login("elsewhere", json!({}))).await;
    is("selector_rights", login("selects", json!({}))).await;

    for (cause, config) in [
        ("selector_reviewer", json!({"kubernetes_host": host, "kubernetes_ca_cert": ca, "disable_local_ca_jwt": true})),
        ("reviewer_unknown", config(host, ca, "nonsense")),
        ("authority", config(&format!("https://{}", pair.kubernetes_proxy.address()), ca, &reviewer)),
        ("host_unreached", config("https://127.0.0.1:1", ca, &reviewer)),
    ] {
        write("config", config).await;
        is(cause, login("selects", json!({}))).await;
        is("bare", login("r", json!({}))).await;
    }

    let quota = json!({"rate": 0.001, "interval": "1h", "path": format!("auth/{MOUNT}")});
    pair.vault.post("sys/quotas/rate-limit/logins", &quota).await;
    refused(&vault, MOUNT, &login("r", json!({}))).await;
    is("rate_quota", login("r", json!({}))).await;
    pair.vault.delete("sys/quotas/rate-limit/logins").await;
    pair.vault.delete(&format!("sys/auth/{MOUNT}")).await;
}

/// What the program makes of it: in `verify`, and nothing is taken for something else.
pub(crate) async fn a_refused_login_says_why(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let program = Program::on(&pair);
    let set = "steps.role.with.alias_name_source=serviceaccount_name";
    program.ok(&["apply", "--yes", "--set", set]).await;
    let verify = ["verify", "role", "--set", set];
    let mut role = pair.vault.get(ROLE).await.expect("a role")["data"].clone();
    role["audience"] = "".into();
    let says = async |words: &str| {
        let ran = program.fails(11, &verify).await;
        said(&ran, &[words]);
    };
    for (key, value, words) in [
        ("audience", json!("other"), "made for another audience than the role asks for"),
        ("bound_service_account_names", json!(["other"]), "does not bind this ServiceAccount's name"),
        ("bound_service_account_namespaces", json!(["other"]), "does not bind this ServiceAccount's namespace"),
        ("token_policies", json!(["root"]), "has a policy that no login can give"),
    ] {
        let mut other = role.clone();
        other[key] = value;
        pair.vault.post(ROLE, &other).await;
        says(words).await;
    }
    pair.vault.post(ROLE, &role).await;
    program.ok(&verify).await;

    let mounts = pair.vault.get("sys/auth").await.expect("mounts");
    let accessor = mounts["data"]["kubernetes/"]["accessor"].clone();
    let lookup = json!({"alias_name": "external-secrets/external-secrets", "alias_mount_accessor": accessor});
    let found = pair.vault.post("identity/lookup/entity", &lookup).await;
    let entity = format!("identity/entity/id/{}", found["data"]["id"].as_str().expect("an entity"));
    pair.vault.post(&entity, &json!({"disabled": true})).await;
    says("its identity entity is disabled").await;
    pair.vault.post(&entity, &json!({"disabled": false})).await;

    let method = pair.vault.post("identity/mfa/method/totp", &json!({"issuer": "vault"})).await;
    let method = method["data"]["method_id"].as_str().expect("a method").to_owned();
    let enforced = json!({"mfa_method_ids": [method], "auth_method_accessors": [accessor]});
    pair.vault.post("identity/mfa/login-enforcement/logins", &enforced).await;
    says("asks for a second factor").await;
    pair.vault.delete("identity/mfa/login-enforcement/logins").await;
    pair.vault.delete(&format!("identity/mfa/method/totp/{method}")).await;
    program.ok(&verify).await;
    program.ok(&["destroy", "--yes", "--set", set]).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "destroy left something");
}

/// A screen says all of this, wherever its lines break.
fn said(ran: &Ran, all: &[&str]) {
    let plain = |text: &str| text.replace(|c: char| c.is_whitespace() || "│├╰─".contains(c), "");
    let screen = format!("{}{}", ran.stdout, ran.stderr);
    for words in all {
        assert!(plain(&screen).contains(&plain(words)), "{words} is not said: {screen}");
    }
}

/// Each JWT reviews itself: made for the role's audience alone it cannot, made for the API server's as well it can.
pub(crate) async fn where_each_jwt_reviews_itself_it_has_two_audiences(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let (namespace, name) = OPERATOR;
    let group = "rbac.authorization.k8s.io";
    let binding = json!({
        "apiVersion": format!("{group}/v1"), "kind": "ClusterRoleBinding", "metadata": {"name": "logins"},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "system:auth-delegator"},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": namespace}],
    });
    pair.kubernetes.apply(&format!("{BINDINGS}/logins"), "tests", binding.to_string()).await;
    let program = Program::bare().connected(&pair);
    let client = "[connections.vault]\nserver = \"https://vault.example.com:8200\"\n[steps.kubernetes-auth.with]\nreviewer = \"client\"\n[steps.role.with]\naudience = \"vault\"\n";
    let files = [standard_file(), program.file("client.toml", client)];
    let program = program.with_files(&files);

    for more in [None, Some("steps.secret-store.with.audiences=[\"vault\"]")] {
        let more: Vec<_> = more.into_iter().flat_map(|set| ["--set", set]).collect();
        let ran = program.run(&[&["plan"], &more[..]].concat()).await;
        assert_ne!(ran.code, 0, "{}", ran.stdout);
        said(&ran, &["reviewer = \"client\"", "audience = \"vault\"", "`audiences` of the store", "client_reviewer"]);
    }

    let token = "api/v1/namespaces/default/serviceaccounts/default/token";
    let request = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}});
    let issuer = pair.kubernetes.post(token, &request).await["spec"]["audiences"][0].clone();
    let issuer = issuer.as_str().expect("the API server's audience").to_owned();
    let both = format!("steps.secret-store.with.audiences=[\"vault\", \"{issuer}\"]");
    program.ok(&["apply", "--yes", "--set", &both]).await;
    let verified = program.ok(&["verify", "--set", &both]).await;
    said(&verified, &[&format!("login as {namespace}/{name} with a token for `vault` and `{issuer}`")]);
    program.ok(&["plan", "--detailed-exitcode", "--set", &both]).await;
    program.ok(&["destroy", "--yes", "--set", &both]).await;
    pair.kubernetes.delete(&format!("{BINDINGS}/logins")).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "destroy left something");
}

/// The store's own audiences are those that the login is tried with: the role's proof alone held.
pub(crate) async fn as_the_store_asks_for_its_tokens(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let program = Program::on(&pair);
    let role = ["--set", "steps.role.with.audience=vault"];
    let with = |audiences: &str| format!("steps.secret-store.with.audiences={audiences}");
    let other = with("[\"other\"]");
    let ran = program.fails(11, &[&["apply", "--yes", "--set", &other], &role[..]].concat()).await;
    said(&ran, &["with a token for `other`", "made for another audience than the role asks for"]);
    view::assert_same(&before, &view::snapshot(&pair).await, "it was not taken back");

    let both = with("[\"other\", \"vault\"]");
    program.ok(&[&["apply", "--yes", "--set", &both], &role[..]].concat()).await;
    program.ok(&[&["destroy", "--yes", "--set", &both], &role[..]].concat()).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "destroy left something");
}

/// What the role's networks keep out here may work for the operator: it is unchecked, as long as all else is shown to work.
pub(crate) async fn from_outside_of_the_roles_networks(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let program = Program::on(&pair);
    let with = |network: &str| format!("steps.role.with.token_bound_cidrs=[\"{network}\"]");
    let (outside, inside) = (with("192.0.2.0/24"), with("127.0.0.1/32"));
    let unchecked = ["as it does with logins from outside of `token_bound_cidrs`", "192.0.2.0/24", "127.0.0.1"];
    said(&program.ok(&["apply", "--yes", "--set", &outside]).await, &unchecked);
    said(&program.ok(&["verify", "--set", &outside]).await, &unchecked);
    // Alone, it is not known whether all else works.
    said(&program.fails(11, &["verify", "role", "--set", &outside]).await, &["together with `kubernetes-auth`"]);
    program.ok(&["apply", "--yes", "--set", &inside]).await;
    said(&program.ok(&["verify", "--set", &inside]).await, &["a token for 1h"]);
    program.ok(&["destroy", "--yes", "--set", &inside]).await;

    // A reviewer that may not review is no matter of networks.
    let path = format!("{BINDINGS}/trust-reviewer");
    let binding = pair.kubernetes.get(&path).await.expect("the reviewer's binding");
    pair.kubernetes.delete(&path).await;
    let broken = program.run(&["apply", "--yes", "--set", &outside]).await;
    let own = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "trust-reviewer"}, "roleRef": binding["roleRef"], "subjects": binding["subjects"]});
    pair.kubernetes.apply(&path, "tests", own.to_string()).await;
    assert_eq!(broken.code, 11, "{}{}", broken.stdout, broken.stderr);
    said(&broken, &["may not create tokenreviews"]);
    view::assert_same(&before, &view::snapshot(&pair).await, "it was not taken back");
}

/// A proof that uses a token up is none of a broken chain.
pub(crate) async fn a_token_that_can_be_used_once(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let program = Program::on(&pair);
    for with in [
        &["token_num_uses=1"][..],
        &["token_num_uses=2"],
        &["token_num_uses=1", "token_no_default_policy=true"],
        &["token_num_uses=1", "alias_name_source=serviceaccount_name"],
    ] {
        let set: Vec<_> = with.iter().map(|with| format!("steps.role.with.{with}")).collect();
        let set: Vec<_> = set.iter().flat_map(|set| ["--set", set.as_str()]).collect();
        program.ok(&[&["apply", "--yes"], &set[..]].concat()).await;
        let verified = program.ok(&[&["verify"], &set[..]].concat()).await;
        said(&verified, &["read on `kv/data/apps/*`", "login token revoked"]);
    }
    program.ok(&["destroy", "--yes"]).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "destroy left something");
}
