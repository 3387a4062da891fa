//! Everything that a Kubernetes API server is asked.

use std::time::Instant;

use k8s_openapi::api::core::v1::ServiceAccount;
use kube::{core::DynamicObject, discovery::ApiResource};
use proptest::sample::select;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use trustpath_core::{Connection as _, Failure};
use trustpath_platform::{
    Cluster, Connections, KubernetesSettings, ServiceAccountRef,
    error::ErrorKind,
    kubernetes::{
        Address, ApplyOptions, LeaseRecord, Selectors, ServedType,
        owned::Owned,
        rights::{KubernetesGrant, on},
    },
    lock::{Claim, LockHolder, LockStore, RecordVersion, Terms},
    retry::Limits,
};

use super::{Answer, Came, JWT, TOKEN, each, impatient, patient, server::Server, shown};
use crate::support::{environment, kubeconfig};

#[derive(Debug, Clone, Copy)]
enum Ask {
    Uid,
    Get,
    Live,
    List,
    ListDynamic,
    Apply,
    Delete,
    HasNamespace,
    Token,
    CanI,
    Served,
    Types,
    Lacking,
    WriteOwned,
    LeaseOpen,
    LeaseRead,
    LeaseCreate,
    LeaseReplace,
    LeaseRemove,
}

const ALL: [Ask; 19] = [
    Ask::Uid,
    Ask::Get,
    Ask::Live,
    Ask::List,
    Ask::ListDynamic,
    Ask::Apply,
    Ask::Delete,
    Ask::HasNamespace,
    Ask::Token,
    Ask::CanI,
    Ask::Served,
    Ask::Types,
    Ask::Lacking,
    Ask::WriteOwned,
    Ask::LeaseOpen,
    Ask::LeaseRead,
    Ask::LeaseCreate,
    Ask::LeaseReplace,
    Ask::LeaseRemove,
];

fn object() -> Value {
    json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {
            "name": "a", "namespace": "n", "uid": "u", "resourceVersion": "1", "annotations": {"x": "y"},
            "creationTimestamp": "2026-01-31T12:00:00Z",
            "managedFields": [{
                "manager": "trustpath", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1",
                "fieldsV1": {"f:metadata": {"f:annotations": {"f:x": {}}}},
            }],
        },
    })
}

/// What an honest API server says.
fn truth(method: &str, path: &str) -> Value {
    match path.split('?').next().unwrap_or_default() {
        "/apis" => json!({"groups": [{"name": "g", "versions": [{"groupVersion": "g/v1", "version": "v1"}]}]}),
        "/api/v1" | "/apis/g/v1" => json!({"groupVersion": "g/v1", "resources": [
            {"name": "things", "singularName": "thing", "kind": "Thing", "namespaced": true, "verbs": ["list"]},
        ]}),
        path if path.ends_with("/token") => {
            json!({"status": {"token": JWT, "expirationTimestamp": "2026-01-31T12:00:00Z"}, "spec": {"audiences": []}})
        }
        path if path.contains("reviews") => json!({"spec": {}, "status": {"allowed": true, "authenticated": true}}),
        path if path.contains("/leases") => json!({
            "metadata": {"name": "trustpath", "uid": "u", "resourceVersion": "1", "annotations": {
                "trustpath.dev/in-flight-seconds": "90",
                "trustpath.dev/holder": serde_json::to_string(&LockHolder::unknown("h")).unwrap_or_default(),
            }},
            "spec": {"holderIdentity": "h", "leaseDurationSeconds": 120, "renewTime": "2026-01-31T12:00:00.000000Z"},
        }),
        "/api/v1/namespaces/default" | "/api/v1/namespaces/kube-system" | "/api/v1/namespaces/n" => {
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default", "uid": "u"}})
        }
        "/apis/g/v1/namespaces/endless/things" => {
            let last = path.rsplit_once("continue=").and_then(|(_, last)| last.parse::<u64>().ok()).unwrap_or_default();
            json!({"metadata": {"continue": (last + 1).to_string()}, "items": []})
        }
        path if method == "GET" && (path.ends_with("/serviceaccounts") || path.ends_with("/things")) => {
            json!({"metadata": {"resourceVersion": "1", "continue": ""}, "items": [object()]})
        }
        _ => object(),
    }
}

fn claim() -> Claim {
    let seconds = std::time::Duration::from_secs;
    Claim::new(LockHolder::unknown("id"), Terms::new(seconds(120), seconds(90), seconds(60)))
}

async fn open(server: &Server, limits: Limits) -> Result<Cluster, Failure> {
    trustpath_platform::install_crypto_provider();
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("config");
    let mut config = kubeconfig(&format!("http://{}", server.address), None);
    config["users"][0]["user"]["token"] = TOKEN.into();
    std::fs::write(&file, config.to_string()).expect("a file");
    let variables = environment(&[("KUBECONFIG", &file.display().to_string())]);
    let mut settings = KubernetesSettings::from(&variables, &Connections::default(), None);
    settings.limits = limits;
    Cluster::open(settings).await
}

fn things() -> ApiResource {
    let text = str::to_owned;
    ApiResource {
        group: text("g"),
        version: text("v1"),
        api_version: text("g/v1"),
        kind: text("Thing"),
        plural: text("things"),
    }
}

const THING: ServedType = ServedType { group: "g", kind: "Thing", plural: "things", versions: &["v1"] };

/// Asks, and returns what of the answer may be shown.
async fn ask(cluster: &Cluster, lease: &LeaseRecord, what: Ask) -> Came {
    let at = Address::namespaced::<ServiceAccount>("n", "a");
    let who = ServiceAccountRef { namespace: "n".into(), name: "a".into() };
    let access = KubernetesGrant { verb: "get".into(), ..on("", "secrets") };
    let version = RecordVersion { object: "u".into(), revision: "1".into() };
    let body = serde_json::from_value(json!({"metadata": {"annotations": {"x": "z"}}})).expect("fields");
    let none = Vec::new();
    Ok(match what {
        Ask::Uid => cluster.uid().await.map(|_| none)?,
        Ask::Get => cluster.get::<ServiceAccount>(&at).await.map(|_| none)?,
        Ask::Live => {
            let live = cluster.live(&at).await?.unwrap_or_default();
            drop(Owned::seen(&live, &body));
            trustpath_platform::kubernetes::owned::other_managers(&live)
        }
        Ask::List => cluster.list::<ServiceAccount>(Some("n")).await.map(|_| none)?,
        Ask::ListDynamic => cluster.select::<DynamicObject>(&things(), Selectors::default()).await.map(|_| none)?,
        Ask::Apply => cluster.apply(&at, &object(), ApplyOptions::default()).await.map(|_| none)?,
        Ask::Delete => cluster.remove(&at, &json!({"metadata": {"uid": "u"}})).await.map(|()| none)?,
        Ask::HasNamespace => cluster.has_namespace("n").await.map(|_| none)?,
        Ask::Token => cluster.request_token(&who, &[], 600).await.map(|token| vec![format!("{token:?}")])?,
        Ask::CanI => cluster.can_i(&access).await.map(|_| none)?,
        Ask::Served => cluster.served(&THING).await.map(|_| none)?,
        Ask::Types => cluster.namespaced_types().await.map(|_| none)?,
        Ask::Lacking => cluster.missing_rights(&on("", "secrets").named("a").may(&["get"])).await.map(|_| none)?,
        Ask::WriteOwned => cluster.rehearse_owned(&at, &Owned::made(body), false).await.map(|()| none)?,
        Ask::LeaseOpen => LeaseRecord::open(cluster, "n", 90).await.map(|_| none)?,
        Ask::LeaseRead => {
            let found = lease.read().await?;
            assert!(found.iter().all(|found| Instant::now().checked_add(found.claim.takeover_after()).is_some()));
            found.into_iter().filter_map(|found| found.claim.holder).map(|holder| holder.to_string()).collect()
        }
        Ask::LeaseCreate => lease.create(&claim()).await.map(|_| none)?,
        Ask::LeaseReplace => lease.replace(&version, &claim()).await.map(|_| none)?,
        Ask::LeaseRemove => lease.remove(&version).await.map(|_| none)?,
    })
}

/// A lock on a connection that gives up soon: it may do so before it is open, on a machine that is busy.
async fn soon(server: &Server) -> LeaseRecord {
    loop {
        let Ok(cluster) = open(server, impatient()).await else { continue };
        if let Ok(lease) = LeaseRecord::open(&cluster, "n", 90).await {
            return lease;
        }
    }
}

async fn opened(server: &Server) -> (Cluster, LeaseRecord) {
    let cluster = open(server, patient()).await.unwrap();
    let lease = LeaseRecord::open(&cluster, "n", 90).await.unwrap();
    (cluster, lease)
}

#[test]
fn any_answer_of_kubernetes_ends_in_words_that_can_be_shown() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(Server::start(truth));
    let lease = runtime.block_on(soon(&server));
    each(&runtime, select(ALL.as_slice()), async |what, honest, answer| {
        server.turn(if honest == 2 { 1 } else { 0 }, Some(answer));
        // What was found once is remembered: each answer meets a connection of its own.
        ask(&open(&server, impatient()).await?, &lease, *what).await
    });
}

#[tokio::test]
async fn the_truth_is_taken() {
    let server = Server::start(truth).await;
    for what in ALL {
        let (cluster, lease) = opened(&server).await;
        server.turn(0, None);
        let came = ask(&cluster, &lease, what).await;
        assert!(came.is_ok(), "{what:?}: {:?}", shown(came));
        assert!(server.served() > 0, "{what:?}");
    }
}

#[tokio::test]
async fn a_body_without_an_end_is_given_up() {
    let server = Server::start(truth).await;
    let (cluster, _) = opened(&server).await;
    server.turn(0, Some(Answer::endless()));
    let error = cluster.has_namespace("x").await.unwrap_err();
    assert!(error.to_string().contains("larger than any"), "{error}");
}

#[tokio::test]
async fn a_list_that_comes_back_to_where_it_was_is_given_up() {
    let server = Server::start(truth).await;
    let (cluster, _) = opened(&server).await;
    let page = json!({"metadata": {"continue": "again"}, "items": [object()]});
    server.turn(0, Some(Answer::document(200, page)));
    let error = cluster.list::<ServiceAccount>(None).await.unwrap_err();
    assert_eq!((error.kind(), server.served()), (ErrorKind::Malformed, 2), "{error}");
}

#[tokio::test]
async fn a_list_that_never_ends_is_given_up() {
    let server = Server::start(truth).await;
    let (cluster, _) = opened(&server).await;
    server.turn(0, None);
    let endless = Selectors { namespace: Some("endless"), ..Selectors::default() };
    let error = cluster.select::<DynamicObject>(&things(), endless).await.unwrap_err();
    assert_eq!((error.kind(), server.served()), (ErrorKind::Malformed, 1000), "{error}");
}

#[tokio::test]
async fn more_groups_than_any_cluster_has_are_not_asked_for() {
    let server = Server::start(truth).await;
    let (cluster, _) = opened(&server).await;
    let version = json!([{"groupVersion": "g/v1", "version": "v1"}]);
    let groups: Vec<_> = (0..5000).map(|at| json!({"name": format!("g{at}"), "versions": version})).collect();
    server.turn(0, Some(Answer::document(200, json!({ "groups": groups }))));
    let error = cluster.namespaced_types().await.unwrap_err();
    assert_eq!((error.kind(), server.served()), (ErrorKind::Malformed, 1), "{error}");
}

#[tokio::test]
async fn a_token_that_comes_back_is_hidden_and_the_rest_is_said() {
    let server = Server::start(truth).await;
    let (cluster, _) = opened(&server).await;
    let words = format!("no such user: {TOKEN}; authorization: Bearer opaque-t0ken-of-a-plugin");
    server.turn(0, Some(Answer::document(400, json!({"kind": "Status", "message": words}))));
    let error = cluster.has_namespace("x").await.unwrap_err();
    assert_eq!(error.said(), ["no such user: [hidden]; authorization: Bearer [hidden]"]);
}
