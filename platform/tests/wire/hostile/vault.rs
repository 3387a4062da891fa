//! Everything that Vault is asked.

use std::time::Instant;

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use trustpath_core::{Connection as _, Failure};
use trustpath_platform::{
    Connections, Heard, Vault, VaultSettings,
    connections::LockPath,
    lock::{Claim, LockHolder, LockStore, RecordVersion, Terms},
    policy::Capability::{Read, Update},
    retry::Limits,
    vault::{KvRecord, Mounts, Resend, rights::on},
};

use super::{Answer, Came, JWT, TOKEN, each, harmless, impatient, patient, server::Server, shown};
use crate::support::{environment, healthy};

#[derive(Debug, Clone, Copy)]
enum Ask {
    Open,
    Read,
    ReadNames,
    List,
    Write,
    WriteOnce,
    WriteSettling,
    Delete,
    Login,
    Revoke,
    Capabilities,
    CapabilitiesOf,
    Mounts,
    Lacking,
    LockOpen,
    LockRead,
    LockCreate,
    LockReplace,
    LockRemove,
}

const ALL: [Ask; 19] = [
    Ask::Open,
    Ask::Read,
    Ask::ReadNames,
    Ask::List,
    Ask::Write,
    Ask::WriteOnce,
    Ask::WriteSettling,
    Ask::Delete,
    Ask::Login,
    Ask::Revoke,
    Ask::Capabilities,
    Ask::CapabilitiesOf,
    Ask::Mounts,
    Ask::Lacking,
    Ask::LockOpen,
    Ask::LockRead,
    Ask::LockCreate,
    Ask::LockReplace,
    Ask::LockRemove,
];

/// What an honest Vault says.
fn truth(method: &str, path: &str) -> Value {
    let path = path.trim_start_matches("/v1/");
    match (method, path.split('?').next().unwrap_or_default()) {
        (_, "sys/health") => healthy(),
        (_, "sys/internal/ui/mounts") => json!({"data": {
            "auth": {"kubernetes/": {"type": "kubernetes", "description": "d", "options": null}},
            "secret": {"kv/": {"type": "kv", "options": {"version": "2"}}},
        }}),
        (_, "auth/kubernetes/login") => json!({"warnings": ["w"], "auth": {
            "client_token": "hvs.another", "accessor": "a", "policies": ["default"], "token_policies": ["default"],
            "entity_id": "e", "lease_duration": 600, "metadata": {"role": "r"},
        }}),
        (_, "sys/capabilities-self" | "sys/capabilities-accessor") => {
            json!({"data": {"sys/x": ["read"], "capabilities": ["read"]}})
        }
        ("POST", "kv/data/lock") => json!({"data": {"version": 4, "created_time": "2026-01-31T12:00:00Z"}}),
        (_, "kv/data/lock") => json!({"data": {"data": claim(), "metadata": {"version": 3}}}),
        (_, "kv/metadata/lock") => json!({"data": {"current_version": 3}}),
        (_, list) if path.contains("list=true") && !list.is_empty() => json!({"data": {"keys": ["a", "b/"]}}),
        _ => json!({"data": {"policy": "path \"a\" { }", "names": ["a"], "ttl": 60}, "warnings": ["w"]}),
    }
}

fn claim() -> Claim {
    let seconds = std::time::Duration::from_secs;
    Claim::new(LockHolder::unknown("id"), Terms::new(seconds(120), seconds(90), seconds(60)))
}

async fn open(server: &Server, limits: Limits) -> Result<Vault, Failure> {
    let address = format!("http://{}", server.address);
    let variables = environment(&[("VAULT_ADDR", &address), ("VAULT_TOKEN", TOKEN)]);
    let mut settings = VaultSettings::from(&variables, &Connections::default())?;
    settings.limits = limits;
    settings.heard = Heard::by(|warning| harmless(warning).unwrap());
    Vault::open(settings).await
}

/// A connection that gives up soon: it may do so before it is open, on a machine that is busy.
async fn soon(server: &Server, path: &LockPath) -> (Vault, KvRecord) {
    loop {
        let Ok(vault) = open(server, impatient()).await else { continue };
        if let Ok(lock) = KvRecord::open(&vault, path).await {
            return (vault, lock);
        }
    }
}

/// Asks, and returns what of the answer may be shown.
async fn ask(vault: &Vault, lock: &KvRecord, what: Ask) -> Came {
    let path = LockPath::try_from("kv/lock".to_owned()).expect("a path");
    let version = RecordVersion { object: String::new(), revision: "3".into() };
    let none = Vec::new();
    Ok(match what {
        Ask::Open => vec![vault.version().to_owned()],
        Ask::Read => vault.read::<Value>("sys/policies/acl/p").await.map(|_| none)?,
        Ask::ReadNames => vault.read::<std::collections::BTreeMap<String, Vec<String>>>("sys/x").await.map(|_| none)?,
        Ask::List => vault.list("sys/policies/acl").await.map(|_| none)?,
        Ask::Write => vault.write("auth/kubernetes/config", &json!({"token_reviewer_jwt": JWT})).await.map(|_| none)?,
        Ask::WriteOnce => vault.write_as(Resend::Once, "sys/auth/k", &json!({"jwt": JWT})).await.map(|_| none)?,
        Ask::WriteSettling => {
            vault.write_as(Resend::Settling, "auth/k/config", &json!({"jwt": JWT})).await.map(|_| none)?
        }
        Ask::Delete => vault.delete("sys/auth/k").await.map(|()| none)?,
        Ask::Login => vault.login("auth/kubernetes/login", &json!({"role": "r", "jwt": JWT})).await.map(|_| none)?,
        Ask::Revoke => vault.revoke("a").await.map(|()| none)?,
        Ask::Capabilities => vault.capabilities(&["sys/x"]).await.map(|_| none)?,
        Ask::CapabilitiesOf => vault.capabilities_of("a", &["sys/x"]).await.map(|_| none)?,
        Ask::Mounts => vault
            .mounts()
            .await
            .map(|mounts: Mounts| drop(mounts.auth_at("kubernetes").map(|m| m.mark())))
            .map(|()| none)?,
        Ask::Lacking => vault.missing_rights(&on(None, "sys/x").may(&[Read, Update])).await.map(|_| none)?,
        Ask::LockOpen => KvRecord::open(vault, &path).await.map(|_| none)?,
        Ask::LockRead => {
            let found = lock.read().await?;
            assert!(found.iter().all(|found| Instant::now().checked_add(found.claim.takeover_after()).is_some()));
            found.into_iter().filter_map(|found| found.claim.holder).map(|holder| holder.to_string()).collect()
        }
        Ask::LockCreate => lock.create(&claim()).await.map(|_| none)?,
        Ask::LockReplace => lock.replace(&version, &claim()).await.map(|_| none)?,
        Ask::LockRemove => lock.remove(&version).await.map(|_| none)?,
    })
}

#[test]
fn any_answer_of_vaults_ends_in_words_that_can_be_shown() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(Server::start(truth));
    let path = LockPath::try_from("kv/lock".to_owned()).unwrap();
    let (vault, lock) = runtime.block_on(soon(&server, &path));
    each(&runtime, proptest::sample::select(ALL.as_slice()), async |what, honest, answer| {
        server.turn(if honest == 2 { 1 } else { 0 }, Some(answer));
        match what {
            Ask::Open => {
                open(&server, impatient()).await.map(|vault| vec![trustpath_platform::text::clean(vault.version())])
            }
            what => ask(&vault, &lock, *what).await,
        }
    });
}

#[test]
fn the_truth_is_taken() {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let server = Server::start(truth).await;
        let vault = open(&server, patient()).await.unwrap();
        let lock = KvRecord::open(&vault, &LockPath::try_from("kv/lock".to_owned()).unwrap()).await.unwrap();
        for what in ALL {
            server.turn(0, None);
            let came = ask(&vault, &lock, what).await;
            // The policy's answer holds no lists of names.
            assert_eq!(came.is_ok(), !matches!(what, Ask::ReadNames), "{what:?}: {:?}", shown(came));
            assert!(server.served() > 0 || matches!(what, Ask::Open), "{what:?}");
        }
    });
}

#[tokio::test]
async fn a_body_without_an_end_is_given_up() {
    let server = Server::start(truth).await;
    let vault = open(&server, patient()).await.unwrap();
    server.turn(0, Some(Answer::endless()));
    let error = vault.read::<Value>("x").await.unwrap_err();
    assert!(error.to_string().contains("larger than any"), "{error}");
}

#[tokio::test]
async fn patience_that_no_clock_can_count_is_none() {
    let server = Server::start(truth).await;
    let vault = open(&server, patient()).await.unwrap();
    let never = Answer::document(429, json!({"errors": ["later"]})).with("Retry-After", &u64::MAX.to_string());
    server.turn(0, Some(never));
    let error = vault.read::<Value>("x").await.unwrap_err();
    assert_eq!((error.status(), server.served()), (Some(429), 1));
}

#[tokio::test]
async fn a_token_that_comes_back_is_hidden_and_the_rest_is_said() {
    let server = Server::start(truth).await;
    let vault = open(&server, patient()).await.unwrap();
    server.turn(0, Some(Answer::document(400, json!({"errors": [format!("no such token: {TOKEN}, in {JWT}")]}))));
    let error = vault.read::<Value>("x").await.unwrap_err();
    assert_eq!(error.said(), ["no such token: [hidden], in [hidden]"]);
}
