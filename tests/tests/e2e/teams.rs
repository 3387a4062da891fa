//! One step for many: the standard graph, with a policy, a role and a store for each team.

use std::sync::Arc;

use serde_json::Value;
use trustpath_tests::{
    pair::Pair,
    program::{Program, standard_file},
    view,
};

const TEAMS: &str = r#"
[connections.kubernetes]
cluster = "eu"

[for_each.teams]
billing = { ttl = "1h" }
search = { ttl = "2h" }

[steps.kubernetes-auth]
with.mount = "kubernetes-{cluster}"

[steps.policy]
for_each = "teams"
with = { name = "{key}-read", rules = { "kv/data/{key}/*" = ["read"] } }

[steps.role]
for_each = "teams"
with = { name = "{key}", ttl = "{value.ttl}" }

[steps.secret-store]
for_each = "teams"
with.name = "vault-{key}"
"#;

const MORE: &str = "[for_each.teams]\nsales = { ttl = \"3h\" }\n";

fn steps(document: &str) -> Vec<(String, String)> {
    let plan: Value = serde_json::from_str(document).expect("a document");
    let text = |step: &Value, key: &str| step[key].as_str().expect("a text").to_owned();
    let steps = plan["steps"].as_array().expect("steps").iter().filter(|step| step["chosen"] == true);
    steps.map(|step| (text(step, "step"), text(step, "op"))).collect()
}

async fn policy(pair: &Pair, name: &str) -> Option<String> {
    let found = pair.vault.get(&format!("sys/policies/acl/{name}")).await?;
    found["data"]["policy"].as_str().map(str::to_owned)
}

pub(crate) async fn one_more_is_one_line(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let program = Program::on(&pair);
    let (teams, more) = (program.file("teams.toml", TEAMS), program.file("more.toml", MORE));
    let program = program.with_files(&[standard_file(), pair.overlay_file(), teams.clone()]);
    program.ok(&["apply", "--yes"]).await;
    program.ok(&["plan", "--detailed-exitcode"]).await;
    let text = policy(&pair, "billing-read").await.expect("a policy of the team");
    assert!(text.contains("kv/data/billing/*") && !text.contains("apps"), "rules were joined: {text}");
    let two = view::snapshot(&pair).await;

    let program = program.with_files(&[standard_file(), pair.overlay_file(), teams, more]);
    let planned = program.fails(2, &["plan", "--detailed-exitcode", "--output", "json"]).await;
    let changed: Vec<_> = steps(&planned.stdout).into_iter().filter(|(_, op)| op != "nothing").collect();
    let created = |step: &str| (format!("{step}[\"sales\"]"), "create".to_owned());
    assert_eq!(changed, ["policy", "role", "secret-store"].map(created));
    program.ok(&["apply", "--yes"]).await;
    program.ok(&["rollback", "--yes"]).await;
    view::assert_same(&two, &view::snapshot(&pair).await, "one team that is taken back took others along");
    program.ok(&["destroy", "--yes"]).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "the run left something");
}

pub(crate) async fn one_less_is_pruned(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let program = Program::on(&pair);
    let (teams, more) = (program.file("teams.toml", TEAMS), program.file("more.toml", MORE));
    let files = [standard_file(), pair.overlay_file(), teams, more];
    let program = program.with_files(&files);
    program.ok(&["apply", "--yes"]).await;
    let three = view::snapshot(&pair).await;
    let program = program.with_files(&files[..3]);
    let planned = program.fails(2, &["plan", "--detailed-exitcode"]).await;
    println!("{}", planned.stdout);
    for object in ["auth/kubernetes-eu/role/sales", "sys/policies/acl/sales-read", "ClusterSecretStore/vault-sales"] {
        assert!(planned.stdout.contains(&format!("? {object}  of this graph, in no step;")), "{}", planned.stdout);
    }
    let pruned = program.ok(&["apply", "--prune", "--yes"]).await;
    println!("{}", pruned.stdout);
    program.ok(&["plan", "--detailed-exitcode"]).await;
    assert!(policy(&pair, "sales-read").await.is_none() && policy(&pair, "billing-read").await.is_some());
    program.ok(&["rollback", "--yes"]).await;
    view::assert_same(&three, &view::snapshot(&pair).await, "what was pruned did not come back");
    program.ok(&["destroy", "--yes"]).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "the run left something");
}

pub(crate) async fn one_of_them_alone(pair: Arc<Pair>) {
    let program = Program::on(&pair);
    let teams = program.file("teams.toml", TEAMS);
    let program = program.with_files(&[standard_file(), pair.overlay_file(), teams]);
    program.ok(&["apply", "--yes"]).await;
    for team in ["billing", "search"] {
        pair.vault.delete(&format!("auth/kubernetes-eu/role/{team}")).await;
    }
    let verified = program.fails(11, &["verify"]).await;
    assert!(verified.stdout.contains("trustpath apply 'role[\"billing\"]'"), "{}", verified.stdout);
    program.ok(&["apply", "role[\"billing\"]", "--yes"]).await;
    assert!(pair.vault.get("auth/kubernetes-eu/role/billing").await.is_some());
    assert!(pair.vault.get("auth/kubernetes-eu/role/search").await.is_none());
    let planned = program.ok(&["plan", "role", "--output", "json"]).await;
    let step = |team: &str, op: &str| (format!("role[\"{team}\"]"), op.to_owned());
    assert_eq!(steps(&planned.stdout), [step("billing", "nothing"), step("search", "create")]);
    program.ok(&["destroy", "--yes"]).await;
}

pub(crate) async fn each_value_has_its_file(pair: Arc<Pair>) {
    let program = Program::on(&pair);
    let teams = program.file("teams.toml", TEAMS);
    let program = program.with_files(&[standard_file(), pair.overlay_file(), teams.clone()]);
    let shown = program.ok(&["plan", "--sources", "--set", "run.parallelism=2", "--output", "json"]).await;
    let plan: Value = serde_json::from_str(&shown.stdout).expect("a document");
    let source = |key: &str| {
        let origin = plan["sources"].as_array().expect("sources").iter().find(|origin| origin["key"] == key);
        origin.unwrap_or_else(|| panic!("nothing is said of {key}: {plan:#}"))["source"].as_str().expect("a text")
    };
    assert_eq!(source("steps.role[\"billing\"].with.ttl"), teams.display().to_string());
    assert_eq!(source("steps.role[\"billing\"].uses"), standard_file().display().to_string());
    assert_eq!(source("steps.kubernetes-auth.with.reviewer.file"), pair.overlay_file().display().to_string());
    assert_eq!(source("run.parallelism"), "--set");
}
