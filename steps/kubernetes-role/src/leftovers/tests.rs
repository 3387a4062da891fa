use std::sync::LazyLock;

use serde_json::Value;
use trustpath_core::{Facts, KnownStep};
use trustpath_platform::{AuthMount, PolicyName, ServiceAccountRef};

use super::{judged::POLICY, *};

/// What the steps of a graph hand on: a mount, a role on it, a ServiceAccount and a policy.
static GIVEN: LazyLock<Facts> = LazyLock::new(|| {
    let mut given = Facts::default();
    let mount = AuthMount { path: "kubernetes".into(), namespace: None };
    given.add("role", Login::new(mount.clone(), "new"));
    given.add("kubernetes-auth", mount);
    given.add("service-account", ServiceAccountRef { namespace: "apps".into(), name: "operator".into() });
    given.add("policy", PolicyName { name: "apps-read".into(), namespace: None });
    given
});

fn about() -> About<'static> {
    let given = &*GIVEN;
    let step = KnownStep { name: "all", uses: "all", with: &Value::Null, needs: &[], facts: given, given };
    About { graph: "payments", steps: vec![step] }
}

fn mounts(mark: &str) -> Answer {
    Answer::Found(json!({"auth": {"kubernetes/": {"type": "kubernetes", "description": mark}}}))
}

const OURS: &str = "[trustpath graph=payments cluster=1]";
const OLD: &str = "auth/kubernetes/role/old";

fn role(accounts: &[&str], policies: &[&str]) -> Value {
    json!({"bound_service_account_names": accounts, "bound_service_account_namespaces": ["apps"], "token_policies": policies})
}

fn answers(mark: &str, role: Value, more: Vec<(String, Answer)>) -> Answers {
    let known = [
        (OwnMounts::MOUNTS.to_owned(), mounts(mark)),
        (OwnMounts::CLUSTER.to_owned(), Answer::Found(json!("1"))),
        (format!("{NAMES} kubernetes"), Answer::Found(json!(["new", "old"]))),
        (format!("{ROLE} {OLD}"), Answer::Found(role)),
    ];
    known.into_iter().chain(more).collect()
}

fn found(answers: &Answers) -> Vec<Leftover> {
    Roles.found(&about(), answers).unwrap().leftovers
}

fn only(answers: &Answers) -> Leftover {
    let [left] = found(answers).try_into().expect("one leftover");
    left
}

#[test]
fn a_role_that_binds_nothing_but_the_graphs_own_goes() {
    let left = only(&answers(OURS, role(&["operator"], &["default", "apps-read"]), Vec::new()));
    assert_eq!(left.object, OLD);
    assert_eq!(left.does, "logs in as apps/operator, with `default` and `apps-read`");
    assert_eq!((left.with, left.needs), (Some(json!({"name": "old"})), vec!["policy".to_owned()]));
    assert_eq!(left.needs_one_of, ["kubernetes-auth"]);
}

#[test]
fn what_bears_the_mark_is_the_graphs_own_too() {
    let text = |graph: &str| Answer::Found(json!({"policy": format!("# [trustpath graph={graph}]\n")}));
    let bound = || role(&["operator"], &["old-read"]);
    let of = |graph: &str| only(&answers(OURS, bound(), vec![(format!("{POLICY} old-read"), text(graph))]));
    assert_eq!((of("payments").with.is_some(), of("billing").with.is_some()), (true, false));
    assert_eq!(of("payments").needs, ["sys/policies/acl/old-read"]);
    assert!(of("billing").does.contains("`old-read`, which is no policy of this graph"), "{}", of("billing").does);
}

#[test]
fn what_lets_others_in_is_left() {
    let selected = json!({"bound_service_account_names": ["operator"], "bound_service_account_namespaces": [],
        "bound_service_account_namespace_selector": "{}", "token_policies": []});
    let many = [&["operator"; 100][..], &["x"]].concat();
    for bound in
        [role(&["*"], &[]), role(&["operator", "x"], &["apps-read"]), role(&[], &[]), role(&many, &[]), selected]
    {
        let left = only(&answers(OURS, bound.clone(), Vec::new()));
        assert_eq!(left.with, None, "{bound}");
    }
    let refused = vec![(format!("{ROLE} {OLD}"), Answer::Refused("denied".into()))];
    let left = only(&answers(OURS, Value::Null, refused));
    assert_eq!((left.with, left.does.as_str()), (None, "it may not be read: denied"));
}

#[test]
fn a_mount_of_another_graph_or_cluster_has_nothing_of_this_one() {
    for mark in
        ["", "[trustpath graph=payments]", "[trustpath graph=payments cluster=2]", "[trustpath graph=x cluster=1]"]
    {
        assert_eq!(found(&answers(mark, role(&["operator"], &[]), Vec::new())), [], "{mark}");
    }
}

#[test]
fn what_it_binds_is_looked_at_where_no_step_makes_it() {
    let answers = answers(OURS, role(&["operator", "old", "a*"], &["apps-read", "old-read"]), Vec::new());
    let reads = format!("{:?}", Roles.reads(&about(), &answers));
    for wanted in ["\"policy old-read\"", "\"ServiceAccount apps/old\"", "\"role auth/kubernetes/role/old\""] {
        assert!(reads.contains(wanted), "{wanted}: {reads}");
    }
    for unwanted in ["policy apps-read", "apps/operator", "apps/a*", "role/new"] {
        assert!(!reads.contains(unwanted), "{unwanted}: {reads}");
    }
}
