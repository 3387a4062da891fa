//! Tokens: requested, long-lived, reviewed, and what their bearers may do.

mod common;

use common::{client_with, refused, start};
use k8s_openapi::api::{
    authentication::v1::{SelfSubjectReview, TokenRequest, TokenReview},
    authorization::v1::{SelfSubjectAccessReview, SubjectAccessReview},
    core::v1::{Secret, ServiceAccount},
    rbac::v1::ClusterRoleBinding,
};
use kube::{
    Api, Client, ResourceExt as _,
    api::{DeleteParams, PostParams},
};
use serde_json::{Value, json};

fn object<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("the manifest fits its type")
}

async fn make<T>(api: Api<T>, manifest: Value) -> T
where
    T: kube::Resource + Clone + std::fmt::Debug + serde::Serialize + serde::de::DeserializeOwned,
{
    api.create(&PostParams::default(), &object(manifest)).await.expect("it is created")
}

async fn account(client: &Client, name: &str) -> ServiceAccount {
    let manifest = json!({"metadata": {"name": name}});
    make(Api::namespaced(client.clone(), "default"), manifest).await
}

async fn token(client: &Client, name: &str, spec: Value) -> kube::Result<TokenRequest> {
    let accounts = Api::<ServiceAccount>::namespaced(client.clone(), "default");
    let request = object(json!({"spec": spec}));
    accounts.create_token_request(name, &PostParams::default(), &request).await
}

async fn issued(client: &Client, name: &str, audiences: &[&str]) -> String {
    let request = token(client, name, json!({"audiences": audiences})).await.expect("a token");
    request.status.expect("a status").token
}

async fn review(client: &Client, token: &str, audiences: &[&str]) -> Value {
    let manifest = json!({"spec": {"token": token, "audiences": audiences}});
    let review: TokenReview = make(Api::all(client.clone()), manifest).await;
    serde_json::to_value(review.status).expect("JSON")
}

async fn delegate(client: &Client, account: &str) {
    let manifest = json!({
        "metadata": {"name": format!("{account}-delegator")},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
            "name": "system:auth-delegator",
        },
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": "default"}],
    });
    make::<ClusterRoleBinding>(Api::all(client.clone()), manifest).await;
}

/// The long-lived token of an account, once it is in its Secret.
async fn long_lived(client: &Client, account: &str) -> String {
    let secrets = Api::<Secret>::namespaced(client.clone(), "default");
    let manifest = json!({
        "metadata": {
            "name": format!("{account}-token"),
            "annotations": {"kubernetes.io/service-account.name": account},
        },
        "type": "kubernetes.io/service-account-token",
    });
    make(secrets.clone(), manifest).await;
    let secret = secrets.get(&format!("{account}-token")).await.expect("the Secret stays");
    let data = secret.data.expect("it is filled");
    assert_eq!(data["namespace"].0, b"default");
    assert!(data["ca.crt"].0.starts_with(b"-----BEGIN"));
    String::from_utf8(data["token"].0.clone()).expect("a token")
}

#[tokio::test]
async fn a_requested_token_is_what_was_asked_for() {
    let (_api, client) = start().await;
    let account = account(&client, "a").await;
    let spec = json!({"audiences": ["vault"], "expirationSeconds": 900});
    let request = token(&client, "a", spec).await.unwrap();
    assert_eq!(request.spec.expiration_seconds, Some(900));
    let token = request.status.unwrap().token;

    let status = review(&client, &token, &["vault", "other"]).await;
    assert_eq!(status["authenticated"], true);
    assert_eq!(status["audiences"], json!(["vault"]));
    assert_eq!(status["user"]["username"], "system:serviceaccount:default:a");
    assert_eq!(status["user"]["uid"], account.uid().unwrap().as_str());
    let groups = ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"];
    assert_eq!(status["user"]["groups"], json!(groups));
}

#[tokio::test]
async fn a_review_turns_away_what_is_not_for_it() {
    let (_api, client) = start().await;
    account(&client, "a").await;
    let token = issued(&client, "a", &["vault"]).await;
    let elsewhere = review(&client, &token, &["other"]).await;
    assert_eq!(elsewhere.get("authenticated"), None);
    let reason = elsewhere["error"].as_str().unwrap();
    assert!(reason.contains("is invalid for the target audiences"), "{reason}");
    let changed = review(&client, &format!("{token}x"), &["vault"]).await;
    assert_eq!(changed["error"], "invalid bearer token");

    let accounts = Api::<ServiceAccount>::namespaced(client.clone(), "default");
    accounts.delete("a", &DeleteParams::default()).await.unwrap();
    account(&client, "a").await;
    let recreated = review(&client, &token, &["vault"]).await;
    assert_eq!(recreated.get("authenticated"), None);
    assert!(recreated["error"].as_str().unwrap().contains("does not match claim"));
}

#[tokio::test]
async fn a_token_lasts_ten_minutes_or_more() {
    let (_api, client) = start().await;
    account(&client, "a").await;
    let short = refused(token(&client, "a", json!({"audiences": [], "expirationSeconds": 300})).await);
    assert_eq!((short.code, short.reason.as_str()), (422, "Invalid"));
    assert_eq!(
        short.message,
        "TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds: Invalid value: \
         300: may not specify a duration less than 10 minutes"
    );
    let missing = refused(token(&client, "b", json!({"audiences": []})).await);
    assert_eq!(missing.message, r#"serviceaccounts "b" not found"#);
}

#[tokio::test]
async fn a_long_lived_token_dies_with_its_secret() {
    let (_api, client) = start().await;
    account(&client, "a").await;
    let token = long_lived(&client, "a").await;
    assert_eq!(review(&client, &token, &[]).await["authenticated"], true);
    let secrets = Api::<Secret>::namespaced(client.clone(), "default");
    secrets.delete("a-token", &DeleteParams::default()).await.unwrap();
    let status = review(&client, &token, &[]).await;
    assert_eq!(status["error"], "[invalid bearer token, Token has been invalidated]");
}

#[tokio::test]
async fn a_token_secret_goes_with_its_account() {
    let (_api, client) = start().await;
    account(&client, "a").await;
    long_lived(&client, "a").await;
    let accounts = Api::<ServiceAccount>::namespaced(client.clone(), "default");
    accounts.delete("a", &DeleteParams::default()).await.unwrap();
    let secrets = Api::<Secret>::namespaced(client, "default");
    assert_eq!(refused(secrets.get("a-token").await).code, 404);
}

#[tokio::test]
async fn an_account_may_do_what_its_bindings_give() {
    let (api, client) = start().await;
    account(&client, "a").await;
    let token = issued(&client, "a", &[]).await;
    let own = client_with(&api, &token).await;
    let reviews = Api::<TokenReview>::all(own.clone());
    let ask = object(json!({"spec": {"token": token}}));
    let forbidden = refused(reviews.create(&PostParams::default(), &ask).await);
    assert_eq!((forbidden.code, forbidden.reason.as_str()), (403, "Forbidden"));
    assert_eq!(
        forbidden.message,
        "tokenreviews.authentication.k8s.io is forbidden: User \"system:serviceaccount:default:a\" \
         cannot create resource \"tokenreviews\" in API group \"authentication.k8s.io\" at the \
         cluster scope"
    );
    delegate(&client, "a").await;
    assert_eq!(review(&own, &token, &[]).await["authenticated"], true);
    let secrets = Api::<Secret>::namespaced(own, "default").get("x").await;
    assert_eq!(
        refused(secrets).message,
        "secrets \"x\" is forbidden: User \"system:serviceaccount:default:a\" cannot get resource \
         \"secrets\" in API group \"\" in the namespace \"default\""
    );
}

#[tokio::test]
async fn access_reviews_say_who_may_and_why() {
    let (api, client) = start().await;
    account(&client, "a").await;
    delegate(&client, "a").await;
    let attributes = json!({
        "verb": "create", "group": "authentication.k8s.io", "resource": "tokenreviews",
    });
    let user = "system:serviceaccount:default:a";
    let spec = json!({"spec": {"user": user, "resourceAttributes": attributes}});
    let review: SubjectAccessReview = make(Api::all(client.clone()), spec).await;
    let status = review.status.unwrap();
    assert!(status.allowed);
    assert_eq!(
        status.reason.unwrap(),
        "RBAC: allowed by ClusterRoleBinding \"a-delegator\" of ClusterRole \
         \"system:auth-delegator\" to ServiceAccount \"a/default\""
    );
    let own = client_with(&api, &issued(&client, "a", &[]).await).await;
    let spec = json!({"spec": {"resourceAttributes": {"verb": "get", "resource": "secrets"}}});
    let review: SelfSubjectAccessReview = make(Api::all(own.clone()), spec).await;
    assert!(!review.status.unwrap().allowed);
    let me: SelfSubjectReview = make(Api::all(own), json!({})).await;
    assert_eq!(me.status.unwrap().user_info.unwrap().username.as_deref(), Some(user));
}

#[tokio::test]
async fn a_token_that_no_one_issued_is_turned_away() {
    let (api, _) = start().await;
    let stranger = client_with(&api, "not-a-token").await;
    let unauthorized = refused(stranger.apiserver_version().await);
    assert_eq!((unauthorized.code, unauthorized.reason.as_str()), (401, "Unauthorized"));
    assert_eq!(api.requests().last().unwrap().user, "");
}
