//! What a graph has left: named by `plan`, removed by `apply --prune` and by `destroy`, and nothing of anyone else's.

use std::{fs, sync::Arc};

use serde_json::{Value, json};
use trustpath_tests::{
    least::Least,
    pair::Pair,
    program::{Program, Ran, standard_file},
    proxy::{Fault, Rule},
    view,
};

const RENAMED: &str = "[steps.role.with]\nname = \"renamed\"\n";
const ROLE: &str = "auth/kubernetes/role/external-secrets";
const STORE: &str = "apis/external-secrets.io/v1/clustersecretstores";

/// The program with one more file.
fn laid_over(pair: &Pair, program: Program, text: &str) -> Program {
    let more = program.file("more.toml", text);
    program.with_files(&[standard_file(), pair.overlay_file(), more])
}

fn document(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.stdout))
}

/// What a plan says that is left: each object, and whether pruning removes it.
fn left(ran: &Ran) -> Vec<(String, bool)> {
    let document = document(ran);
    let left = document["leftovers"].as_array().into_iter().flatten();
    let one = |left: &Value| (left["object"].as_str().expect("a name").to_owned(), left["removal"]["op"] == "delete");
    left.map(one).collect()
}

async fn planned(program: &Program, code: i32) -> Vec<(String, bool)> {
    let arguments = ["plan", "--detailed-exitcode", "--output", "json"];
    left(&if code == 0 { program.ok(&arguments).await } else { program.fails(code, &arguments).await })
}

/// The old role logs in still: it is named, goes with a run of its own, and comes back with that.
pub(crate) async fn a_role_that_was_renamed(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let program = Program::on(&pair);
    program.ok(&["apply", "--yes"]).await;
    let program = laid_over(&pair, program, RENAMED);
    program.ok(&["apply", "--yes"]).await;
    let both = view::snapshot(&pair).await;
    let shown = program.fails(2, &["plan", "--detailed-exitcode"]).await;
    let says =
        format!("? {ROLE}  of this graph, in no step; logs in as external-secrets/external-secrets, with `apps-read`");
    assert!(shown.stdout.contains(&says), "{}", shown.stdout);
    let pruned = program.ok(&["apply", "--prune", "--yes", "--output", "json"]).await;
    let pruned = document(&pruned);
    assert_eq!((&pruned["outcome"], &pruned["pruned"]["outcome"]), (&json!("nothing"), &json!("done")), "{pruned:#}");
    assert!(pair.vault.get(ROLE).await.is_none() && pair.vault.get("auth/kubernetes/role/renamed").await.is_some());
    program.ok(&["verify"]).await;
    assert_eq!(planned(&program, 0).await, []);
    program.ok(&["rollback", "--yes"]).await;
    view::assert_same(&both, &view::snapshot(&pair).await, "what was pruned did not come back");
    program.ok(&["destroy", "--yes"]).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "the old role kept something");
}

/// What is in use when it is shown stays; the plan comes first, and the next command finds it free.
pub(crate) async fn a_policy_that_the_plan_frees(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let program = Program::on(&pair);
    program.ok(&["apply", "--yes"]).await;
    let program = laid_over(&pair, program, "[steps.policy.with]\nname = \"apps-read-too\"\n");
    let shown = program.fails(2, &["plan", "--detailed-exitcode"]).await;
    assert!(shown.stdout.contains("? sys/policies/acl/apps-read  of this graph, in no step;"), "{}", shown.stdout);
    assert!(shown.stdout.contains(&format!("left: `{ROLE}` uses it")), "{}", shown.stdout);
    let ran = program.ok(&["apply", "--prune", "--yes"]).await;
    println!("{}", ran.stdout);
    assert!(pair.vault.get("sys/policies/acl/apps-read").await.is_some(), "it was in use when it was shown");
    program.ok(&["apply", "--prune", "--yes"]).await;
    assert!(pair.vault.get("sys/policies/acl/apps-read").await.is_none());
    program.ok(&["verify"]).await;
    program.ok(&["destroy", "--yes"]).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "something was left");
}

/// The file has no step of the kind any more: the store is found all the same, and a destroy takes it along.
pub(crate) async fn a_step_that_was_deleted(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let program = Program::on(&pair);
    program.ok(&["apply", "--yes"]).await;
    let text = fs::read_to_string(standard_file()).expect("the standard file");
    let (kept, _) = text.split_once("[steps.secret-store]").expect("its last step");
    let file = program.file("less.toml", kept);
    let program = program.with_files(&[file, pair.overlay_file()]);
    let store = || [("ClusterSecretStore/vault-backend".to_owned(), true)];
    assert_eq!(planned(&program, 2).await, store());
    let gone = program.ok(&["plan", "--destroy"]).await;
    assert!(gone.stdout.contains("- ClusterSecretStore/vault-backend"), "{}", gone.stdout);
    program.ok(&["destroy", "--yes"]).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "the store was left");
}

/// What bears the mark of another graph, or serves another cluster, is not even named; nor is what a client copied.
pub(crate) async fn nothing_of_another(pair: Arc<Pair>) {
    let program = Program::on(&pair);
    program.ok(&["apply", "--yes"]).await;
    let (vault, api) = (&pair.vault, &pair.kubernetes);
    let rules = "# [trustpath graph=another]\npath \"kv/data/x\" { capabilities = [\"read\"] }\n";
    vault.post("sys/policies/acl/theirs", &json!({"policy": rules})).await;
    let role = json!({"bound_service_account_names": ["external-secrets"],
        "bound_service_account_namespaces": ["external-secrets"], "token_policies": ["apps-read"]});
    let marks = [("another", "external-secrets cluster=0-0"), ("none", ""), ("theirs", "another cluster=0-0")];
    for (mount, mark) in marks {
        let description = if mark.is_empty() { String::new() } else { format!("[trustpath graph={mark}]") };
        vault.post(&format!("sys/auth/{mount}"), &json!({"type": "kubernetes", "description": description})).await;
        vault.post(&format!("auth/{mount}/role/external-secrets"), &role).await;
    }
    for (name, manager, graph) in [("theirs", "trustpath", "another"), ("copied", "tests", "external-secrets")] {
        let mut store = api.get(&format!("{STORE}/vault-backend")).await.expect("the store");
        store["metadata"] = json!({"name": name, "annotations": {"trustpath.dev/graph": graph}});
        api.apply(&format!("{STORE}/{name}"), manager, store.to_string()).await;
    }
    let made = view::snapshot(&pair).await;
    assert_eq!(planned(&program, 0).await, []);
    program.ok(&["apply", "--prune", "--yes"]).await;
    view::assert_same(&made, &view::snapshot(&pair).await, "something of another was touched");
    program.ok(&["destroy", "--yes"]).await;
    for (mount, _) in marks {
        assert!(vault.get(&format!("auth/{mount}/role/external-secrets")).await.is_some(), "{mount}");
        vault.delete(&format!("sys/auth/{mount}")).await;
    }
    for store in ["theirs", "copied"] {
        let path = format!("{STORE}/{store}");
        assert!(api.get(&path).await.is_some(), "{store}");
        api.delete(&path).await;
    }
    assert!(vault.get("sys/policies/acl/theirs").await.is_some());
    vault.delete("sys/policies/acl/theirs").await;
    program.ok(&["destroy", "--yes"]).await;
}

/// A role on a mount of the graph that lets another in is named, and nothing is done about it.
pub(crate) async fn what_is_not_certain_is_left(pair: Arc<Pair>) {
    let program = Program::on(&pair);
    program.ok(&["apply", "--yes"]).await;
    let binds = |names: &[&str], policy: &str| {
        json!({"bound_service_account_names": names, "bound_service_account_namespaces": ["external-secrets"],
            "token_policies": [policy]})
    };
    let uncertain = [
        ("any", binds(&["*"], "apps-read")),
        ("more", binds(&["external-secrets", "x"], "apps-read")),
        ("other", binds(&["external-secrets"], "theirs")),
    ];
    for (name, role) in &uncertain {
        pair.vault.post(&format!("auth/kubernetes/role/{name}"), role).await;
    }
    let made = view::snapshot(&pair).await;
    let expected = uncertain.iter().map(|(name, _)| (format!("auth/kubernetes/role/{name}"), false));
    assert_eq!(planned(&program, 0).await, expected.collect::<Vec<_>>());
    let shown = program.ok(&["apply", "--prune", "--yes"]).await;
    for says in [
        "any  in no step, and left alone: external-secrets/* may log in",
        "external-secrets/x may log in",
        "it gives `theirs`",
    ] {
        assert!(shown.stdout.contains(says), "{says}: {}", shown.stdout);
    }
    view::assert_same(&made, &view::snapshot(&pair).await, "something was done about it");
    for (name, _) in &uncertain {
        pair.vault.delete(&format!("auth/kubernetes/role/{name}")).await;
    }
    program.ok(&["destroy", "--yes"]).await;
}

/// Who may not look is told so, and plans all the same.
pub(crate) async fn a_token_that_may_not_look(pair: Arc<Pair>) {
    Program::on(&pair).ok(&["apply", "--yes"]).await;
    let (least, program) = Least::standard(&pair).await;
    let shown = program.ok(&["plan", "--detailed-exitcode"]).await;
    assert!(
        shown.stdout.contains("note: what this graph has left was not looked for everywhere: "),
        "{}",
        shown.stdout
    );
    assert!(
        shown.stdout.contains("sys/policies/acl") && shown.stdout.contains("clustersecretstores"),
        "{}",
        shown.stdout
    );
    program.ok(&["destroy", "--yes"]).await;
    least.leave(&pair).await;
}

/// All of a chain moves to another mount: the old mount goes with all that is on it, its config and its reviewer come back.
pub(crate) async fn a_mount_that_was_renamed(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let program = Program::on(&pair);
    program.ok(&["apply", "--yes"]).await;
    let program = laid_over(&pair, program, "[steps.kubernetes-auth.with]\nmount = \"moved\"\n");
    program.ok(&["apply", "--yes"]).await;
    let both = view::snapshot(&pair).await;
    let left = || ["auth/kubernetes", ROLE].map(|object| (object.to_owned(), true)).to_vec();
    assert_eq!(planned(&program, 2).await, left());
    program.ok(&["apply", "--prune", "--yes"]).await;
    let mounts = pair.vault.get("sys/auth").await.expect("mounts");
    assert!(mounts["data"]["kubernetes/"].is_null() && mounts["data"]["moved/"].is_object(), "{mounts}");
    program.ok(&["verify"]).await;
    program.ok(&["rollback", "--yes"]).await;
    view::assert_same(&both, &view::snapshot(&pair).await, "what was pruned did not come back");
    program.ok(&["destroy", "--yes"]).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "the old mount was left");
}

/// What is to be made is made first, and what is left goes by a run of its own, or neither does: each is taken back by itself.
pub(crate) async fn both_in_one_command(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let program = Program::on(&pair);
    program.ok(&["apply", "--yes"]).await;
    let one = view::snapshot(&pair).await;
    let program = laid_over(&pair, program, RENAMED);
    let prune = ["apply", "--prune", "--yes", "--output", "json"];

    let (path, fault) = ("auth/kubernetes/role/renamed".to_owned(), Fault::Refuse(403));
    pair.vault_proxy.fault(Rule { method: "POST", path, times: 1, fault });
    let failed = document(&program.fails(5, &prune).await);
    assert_eq!((&failed["outcome"], &failed["pruned"]), (&json!("rolled-back"), &Value::Null), "{failed:#}");
    view::assert_same(&one, &view::snapshot(&pair).await, "an apply that failed left something, or pruned");

    pair.vault_proxy.fault(Rule { method: "DELETE", path: ROLE.to_owned(), times: 1, fault });
    let failed = document(&program.fails(5, &prune).await);
    let ended = |run: &Value| (run["outcome"].clone(), run["pruned"]["outcome"].clone());
    assert_eq!(ended(&failed), (json!("done"), json!("rolled-back")), "{failed:#}");
    assert!(pair.vault.get(ROLE).await.is_some() && pair.vault.get("auth/kubernetes/role/renamed").await.is_some());

    program.ok(&["rollback", failed["run"].as_str().expect("a run"), "--yes"]).await;
    changed_before_it_goes(&pair, &program, &prune).await;
    view::assert_same(
        &one,
        &view::snapshot(&pair).await,
        "what somebody has changed was removed, or the apply was kept",
    );
    let done = document(&program.ok(&prune).await);
    assert_eq!(ended(&done), (json!("done"), json!("done")), "{done:#}");
    assert!(pair.vault.get(ROLE).await.is_none());
    program.ok(&["verify"]).await;
    for run in [&done["pruned"]["run"], &done["run"]] {
        program.ok(&["rollback", run.as_str().expect("a run"), "--yes"]).await;
    }
    view::assert_same(&one, &view::snapshot(&pair).await, "the two were not taken back");
    let mirrored = document(&program.ok(&[&prune[..], &["--journal", "cluster"]].concat()).await);
    assert_eq!(ended(&mirrored), (json!("done"), json!("done")), "{mirrored:#}");
    program.ok(&["destroy", "--yes"]).await;
    pair.kubernetes.delete("api/v1/namespaces/default/secrets/trustpath-journals").await;
    view::assert_same(&before, &view::snapshot(&pair).await, "something was left");
}

/// What somebody changes after it was shown is not removed: the apply stands, and the run that prunes was never begun.
async fn changed_before_it_goes(pair: &Pair, program: &Program, prune: &[&str]) {
    let path = "auth/kubernetes/role/renamed".to_owned();
    pair.vault_proxy.fault(Rule { method: "POST", path, times: 1, fault: Fault::Hold });
    let role = pair.vault.get(ROLE).await.expect("the old role")["data"].take();
    let meanwhile = async {
        pair.vault_proxy.held().await;
        let mut changed = role.clone();
        changed["token_ttl"] = json!(60);
        pair.vault.post(ROLE, &changed).await;
        pair.vault_proxy.release();
    };
    let (ran, ()) = tokio::join!(program.fails(6, prune), meanwhile);
    let failed = document(&ran);
    let (pruned, code) = (&failed["pruned"], "trustpath::run::changed_meanwhile");
    let ended = (&failed["outcome"], &pruned["outcome"], &pruned["failure"]["code"], &pruned["run"]);
    assert_eq!(ended, (&json!("done"), &json!("nothing"), &json!(code), &Value::Null), "{failed:#}");
    assert!(ran.stderr.contains(code), "{}", ran.stderr);
    pair.vault.post(ROLE, &role).await;
    program.ok(&["rollback", "--yes"]).await;
}

/// A ServiceAccount and a reviewer beside the operator's: both go, and the namespace stays with the step that has it.
pub(crate) async fn accounts_in_the_namespace_of_a_step(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let program = Program::on(&pair);
    let more = "[steps.more]\nuses = \"service-account\"\nneeds = [\"service-account\"]\n\
                with = { namespace = \"external-secrets\", name = \"more\" }\n\
                [steps.reviewer]\nuses = \"token-reviewer\"\nneeds = [\"service-account\"]\nwith = { name = \"reviewer\" }\n";
    let with_more = laid_over(&pair, program, more);
    with_more.ok(&["apply", "--yes"]).await;
    with_more.ok(&["plan", "--detailed-exitcode"]).await;
    let (whole, files) = (with_more.file("whole.toml", more), [standard_file(), pair.overlay_file()]);
    let program = with_more.with_files(&files);
    let left = ["more", "reviewer"].map(|name| (format!("ServiceAccount/external-secrets/{name}"), true));
    assert_eq!(planned(&program, 2).await, left);
    program.ok(&["apply", "--prune", "--yes"]).await;
    let accounts = "api/v1/namespaces/external-secrets/serviceaccounts";
    for (name, stays) in [("more", false), ("reviewer", false), ("external-secrets", true)] {
        assert_eq!(pair.kubernetes.get(&format!("{accounts}/{name}")).await.is_some(), stays, "{name}");
    }
    program.ok(&["rollback", "--yes"]).await;
    let [standard, overlay] = files.clone();
    let program = program.with_files(&[standard, overlay, whole]);
    program.ok(&["plan", "--detailed-exitcode"]).await;
    let program = program.with_files(&files);
    program.ok(&["destroy", "--yes"]).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "an account was left");
}
