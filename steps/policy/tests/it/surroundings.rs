//! What a plan looks at besides the policy.

use serde_json::json;
use trustpath_core::{Facts, Goal, Note, Op, Plan};
use trustpath_platform::{AuthMount, Login};

use super::world::{GRAPH, World, plan, reach};

fn warned(plan: &Plan, of: &str) -> bool {
    plan.notes.iter().any(|note| matches!(note, Note::Warning(text) if text.contains(of)))
}

fn left_because(plan: &Plan, why: &str) -> bool {
    plan.is_nothing() && plan.notes.iter().any(|note| matches!(note, Note::Left(text) if text.contains(why)))
}

#[tokio::test]
async fn a_path_on_kv_v2_without_data_is_a_warning() {
    let world = World::start().await;
    world.write("sys/mounts/kv", json!({"type": "kv", "options": {"version": "2"}})).await;
    world.write("sys/mounts/old", json!({"type": "kv", "options": {"version": "1"}})).await;
    let step = world.step(json!({"kv/apps/*": ["read"], "old/apps/*": ["read"]}));
    let made = plan(&step, world.context(), Goal::Present).await;
    assert!(warned(&made, "`kv/data/apps/*`") && !warned(&made, "old/"), "{:?}", made.notes);

    let limited = world.context_with("path \"sys/policies/acl/*\" { capabilities = [\"read\"] }").await;
    let made = plan(&step, &limited, Goal::Present).await;
    assert_eq!((made.change.op(), made.notes), (Op::Create, Vec::new()), "who may not see the mounts is not warned");
}

/// What the step of a role that needs the policy hands on.
fn role_on(mount: &str) -> Facts {
    let mount = AuthMount { path: mount.into(), namespace: None };
    let mut facts = Facts::default();
    facts.add("role", Login::new(mount, "external-secrets"));
    facts
}

#[tokio::test]
async fn a_policy_that_others_use_is_left() {
    let world = World::start().await;
    let step = world.step(json!({"kv/data/apps/*": ["read"]}));
    reach(&step, world.context(), Goal::Present).await;
    world.write("sys/auth/theirs", json!({"type": "approle"})).await;
    // Two clusters of this very graph, each with its own mount.
    for mount in ["ours", "ours-b"] {
        let mark = format!("[trustpath graph={GRAPH} cluster={mount}]");
        world.write(&format!("sys/auth/{mount}"), json!({"type": "kubernetes", "description": mark})).await;
        let role = json!({
            "bound_service_account_names": ["a"], "bound_service_account_namespaces": ["n"], "token_policies": ["apps-read"],
        });
        world.write(&format!("auth/{mount}/role/external-secrets"), role).await;
    }
    let context = world.context().clone().with_dependent_facts(role_on("ours"));
    let removal = plan(&step, &context, Goal::Absent).await;
    assert!(left_because(&removal, "`auth/ours-b/role/external-secrets` uses it"), "{:?}", removal.notes);
    world.delete("auth/ours-b/role/external-secrets").await;
    let unneeded = plan(&step, world.context(), Goal::Absent).await;
    assert!(left_because(&unneeded, "`auth/ours/role/external-secrets` uses it"), "{:?}", unneeded.notes);

    for (path, body) in [
        ("auth/theirs/role/r", json!({"token_policies": ["default", "apps-read"]})),
        ("auth/token/roles/r", json!({"allowed_policies": ["apps-read"]})),
        ("identity/group/name/r", json!({"policies": ["apps-read"]})),
        ("identity/entity/name/r", json!({"policies": ["apps-read"]})),
    ] {
        world.write(path, body).await;
        let kind = path.rsplit_once('/').unwrap().0.replace("/name", "/id");
        let removal = plan(&step, &context, Goal::Absent).await;
        assert!(left_because(&removal, &kind), "{path}: {:?}", removal.notes);
        world.delete(path).await;
    }
    assert_eq!(plan(&step, &context, Goal::Absent).await.goes_with, ["role"]);
    assert_eq!(reach(&step, &context, Goal::Absent).await.op(), Op::Delete, "only the role that goes with it uses it");
}

#[tokio::test]
async fn a_policy_whose_users_cannot_be_told_is_left() {
    let world = World::start().await;
    let step = world.step(json!({"kv/data/apps/*": ["read"]}));
    reach(&step, world.context(), Goal::Present).await;
    let policies = "path \"sys/policies/acl/*\" { capabilities = [\"read\", \"delete\"] }";
    let nothing_else = world.context_with(policies).await;
    assert!(left_because(&plan(&step, &nothing_else, Goal::Absent).await, "lacks `read` on `sys/auth`"));
    let mounts = format!("{policies}\npath \"sys/auth\" {{ capabilities = [\"read\"] }}");
    let mounts = world.context_with(&mounts).await;
    assert!(left_because(&plan(&step, &mounts, Goal::Absent).await, "lacks `list` on `identity/entity/id`"));
}

#[tokio::test]
async fn rules_in_a_file_are_read_when_planned() {
    let world = World::start().await;
    let directory = std::env::temp_dir();
    let missing = world.step(json!({"file": directory.join("trustpath-no-such-policy.hcl")}));
    let failure = missing.plan(world.context(), &Goal::Present).await.unwrap_err().report();
    assert_eq!(failure.code.as_deref(), Some("trustpath::file::unreadable"));

    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/apps-read.hcl");
    let step = world.step(json!({ "file": here }));
    assert_eq!(reach(&step, world.context(), Goal::Present).await.op(), Op::Create);
    assert!(step.verify(world.context()).await.unwrap().holds());
    let bad = world.step(json!({"file": concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")}));
    let failure = bad.plan(world.context(), &Goal::Present).await.unwrap_err().report();
    assert_eq!(failure.code.as_deref(), Some("trustpath::policy::syntax"));
    assert!(failure.message.contains("line 1, column"), "{}", failure.message);
}
