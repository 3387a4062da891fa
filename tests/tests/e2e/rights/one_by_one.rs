//! Each single right taken away: refused before the first write with the right named, and, where no one asks beforehand,
//! refused by the server in the verb that needs it. A right that nothing needs is found here.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::{Value, json};
use trustpath_tests::{
    chain::Chain,
    least::{Least, Taken},
    others,
    pair::Pair,
    program::{Program, Ran},
    proxy::{Fault, Rule},
    view,
};

/// The lock of the cluster.
const LEASE: &str = "apis/coordination.k8s.io/v1/namespaces/default/leases/trustpath";
/// What is written to the mount once it is there.
const TUNE: &str = "sys/mounts/auth/kubernetes/tune";
/// What is made in one request, and updated by the same where its answer got lost.
const MADE: [&str; 4] = [
    "auth/kubernetes/role/external-secrets",
    "auth/approle/role/ci",
    "auth/jwt/config",
    "auth/jwt/role/external-secrets",
];

pub(crate) async fn none_is_too_much(pair: Arc<Pair>) {
    counted(&pair, Chain::Standard, 20, (31, 51)).await;
}

pub(crate) async fn none_is_too_much_for_an_app_role(pair: Arc<Pair>) {
    counted(&pair, Chain::AppRole, 21, (0, 0)).await;
}

pub(crate) async fn none_is_too_much_for_a_jwt_chain(pair: Arc<Pair>) {
    counted(&pair, Chain::Jwt, 20, (30, 50)).await;
}

pub(crate) async fn none_is_too_much_where_a_step_makes_the_reviewer(pair: Arc<Pair>) {
    let steps = Chain::Standard.steps();
    let steps = [&steps[..1], &["token-reviewer"], &steps[1..]].concat();
    one_by_one(&pair, crate::reviewer::made_by_a_step(&pair), &steps).await;
}

/// How many rights there are: at Vault, and at each Kubernetes API (the sandbox's and a real one), whose types differ.
async fn counted(pair: &Pair, chain: Chain, at_vault: usize, (sandbox, real): (usize, usize)) {
    let rights = one_by_one(pair, chain.program(pair), chain.steps()).await;
    let (vault, kubernetes): (Vec<_>, Vec<_>) = rights.iter().partition(|right| matches!(right, Taken::Capability(..)));
    println!("{}, {chain:?}: {} rights at Vault, {} at Kubernetes", pair.which.name(), vault.len(), kubernetes.len());
    let expected = if pair.which.real_kubernetes { real } else { sandbox };
    assert_eq!((vault.len(), kubernetes.len()), (at_vault, expected), "{rights:#?}");
}

/// The rights of a graph, each of which was missed.
async fn one_by_one(pair: &Pair, program: Program, steps: &[&'static str]) -> Vec<Taken> {
    others::come(pair).await;
    let least = Least::of(pair, &program, &[]).await;
    let program = least.holder(pair, program);
    let rights = least.rights();
    let mut sweep = Sweep { pair, steps, left: rights.clone(), least: &least, program, taken: Vec::new() };
    let before = view::snapshot(pair).await;
    for step in steps {
        sweep.make(step).await;
    }
    if steps.contains(&"token-reviewer") {
        sweep.make_anew().await;
    }
    for step in steps.iter().rev() {
        sweep.remove(step).await;
    }
    assert!(sweep.left.is_empty(), "nothing needs these: {:#?}", sweep.left);
    view::assert_same(&before, &view::snapshot(pair).await, "something was left");
    least.leave(pair).await;
    others::go(pair).await;
    rights
}

struct Sweep<'a> {
    pair: &'a Pair,
    /// Needed ones first.
    steps: &'a [&'static str],
    least: &'a Least,
    program: Program,
    /// The rights that were not yet found to be needed.
    left: Vec<Taken>,
    /// Those that were.
    taken: Vec<Taken>,
}

impl Sweep<'_> {
    /// Takes away what making and proving a step needs, one by one, and makes it.
    async fn make(&mut self, step: &str) {
        let mut for_the_proof = Vec::new();
        for (right, verbs) in self.needed_by(step, &["plan", "apply", "verify"]) {
            self.least.take(self.pair, &right).await;
            self.refused(&right, &["apply", step, "--yes"]).await;
            if verbs.contains("plan") || verbs.contains("apply") {
                let stuck = self.denied_in_apply(&right, step).await;
                self.found(right).await;
                if stuck {
                    self.program.ok(&["rollback", "--yes"]).await;
                }
            } else {
                self.least.give_back(self.pair, &right).await;
                for_the_proof.push(right);
            }
        }
        self.program.ok(&["apply", step, "--yes"]).await;
        // Once the operator has said something, no one asks any more whether it runs.
        for_the_proof.sort_by_key(is_about_events);
        for right in for_the_proof {
            self.least.take(self.pair, &right).await;
            self.denied_in_verify(&right, step).await;
            self.found(right).await;
        }
    }

    /// Where a destroy is taken back, the step makes another token, and the mark of the mount has to name that.
    async fn make_anew(&mut self) {
        let right = Taken::Capability(TUNE.into(), "update".into());
        self.least.take(self.pair, &right).await;
        let path = "serviceaccounts/external-secrets".to_owned();
        self.pair.kubernetes_proxy.fault(Rule { method: "DELETE", path, times: 1, fault: Fault::Refuse(403) });
        let arguments = ["destroy", "--yes", "--no-preflight", "--output", "json"];
        let ran = self.program.fails(12, &arguments).await;
        named(&right, &document(&ran), &ran);
        self.found(right).await;
        self.program.ok(&["rollback", "--yes"]).await;
        self.program.ok(&["verify"]).await;
    }

    /// Takes away what removing a step needs, one by one, and removes it.
    async fn remove(&mut self, step: &str) {
        for (right, _) in self.needed_by(step, &["destroy", "rollback"]) {
            self.least.take(self.pair, &right).await;
            self.refused(&right, &destroy(step)).await;
            self.denied_in_destroy(&right, step).await;
            self.found(right).await;
        }
        self.program.ok(&destroy(step)).await;
    }

    async fn found(&mut self, right: Taken) {
        self.least.give_back(self.pair, &right).await;
        self.left.retain(|other| *other != right);
        self.taken.push(right);
    }

    /// The rights that a step needs for one of these verbs, each with its verbs, and that no step before it showed to be
    /// needed. What the run itself needs is shown with the first step.
    fn needed_by(&self, step: &str, verbs: &[&str]) -> Vec<(Taken, BTreeSet<String>)> {
        let anew = Taken::Capability(TUNE.into(), "update".into());
        let each = self.left.iter().filter(|right| **right != anew);
        let each = each.map(|right| (right.clone(), self.verbs(right, step)));
        each.filter(|(_, needed)| verbs.iter().any(|verb| needed.contains(*verb))).collect()
    }

    fn verbs(&self, right: &Taken, step: &str) -> BTreeSet<String> {
        let rights = self.least.document["rights"].as_array().into_iter().flatten();
        let these = rights.filter(|one| right.is(one["right"].as_str().unwrap_or_default()));
        let uses = these.flat_map(|one| one["for"].as_array().into_iter().flatten());
        let own = uses.filter(|one| one["step"] == step || (one["step"].is_null() && step == self.steps[0]));
        let verbs = own.flat_map(|one| one["verbs"].as_array().into_iter().flatten());
        verbs.filter_map(|verb| verb.as_str().map(str::to_owned)).collect()
    }

    /// With the check: one message with the right, and nothing written.
    async fn refused(&self, right: &Taken, arguments: &[&str]) {
        self.pair.forget();
        let ran = self.program.fails(5, &[arguments, &["--output", "json"]].concat()).await;
        named(right, &document(&ran)["error"], &ran);
        let seen = [self.pair.vault_proxy.seen(), self.pair.kubernetes_proxy.seen()].concat();
        let written: Vec<_> = seen.iter().filter(|request| request.writes()).map(|request| request.line()).collect();
        assert!(written.is_empty(), "{right:?}: something was written: {written:?}");
        assert!(!ran.stderr.contains("creating"), "{right:?}: {}", ran.stderr);
    }

    /// Without it, the server says no in the middle of the run, which goes back; whether it is stuck, because the way
    /// back needs the very same right.
    async fn denied_in_apply(&self, right: &Taken, step: &str) -> bool {
        if is_of_the_lease(right, "delete") {
            return self.denied_at_the_end(right).await;
        }
        if is_of_the_lease(right, "get") {
            // Who holds the lock is looked up where somebody does.
            self.pair.kubernetes.apply(LEASE, "elsewhere", elsewhere().to_string()).await;
        }
        if let Some(made) = MADE.iter().find(|made| *right == Taken::Capability((**made).into(), "update".into())) {
            // An answer that got lost makes the program send it again, which is an update then.
            let fault = Fault::LoseAnswer(503);
            self.pair.vault_proxy.fault(Rule { method: "POST", path: (*made).into(), times: 1, fault });
        }
        let ran = self.program.run(&["apply", step, "--yes", "--no-preflight", "--output", "json"]).await;
        if is_of_the_lease(right, "get") {
            self.pair.kubernetes.delete(LEASE).await;
        }
        let answer = document(&ran);
        let stuck = answer["outcome"] == "stuck";
        assert_eq!(ran.code, if stuck { 12 } else { 5 }, "{right:?}: {}\n{}", ran.stdout, ran.stderr);
        let failure = if answer["document"] == "run" { &answer["failure"] } else { &answer["error"] };
        named(right, failure, &ran);
        let ended = answer["outcome"].as_str();
        assert!(matches!(ended, None | Some("rolled-back" | "stuck")), "{right:?}: {}\n{}", ran.stdout, ran.stderr);
        stuck
    }

    /// The lock is given back when all is done, and an error there undoes nothing: who may not remove the Lease leaves one
    /// that no one holds.
    async fn denied_at_the_end(&self, right: &Taken) -> bool {
        let ran = self.program.ok(&["destroy", "--yes", "--no-preflight", "--output", "json"]).await;
        named(right, &Value::from(ran.stderr.as_str()), &ran);
        let left = self.pair.kubernetes.get(LEASE).await.expect("a Lease that could not be removed");
        assert!(left["spec"]["holderIdentity"].is_null(), "it would be waited for: {left}");
        false
    }

    /// A proof that could not be made says so.
    async fn denied_in_verify(&self, right: &Taken, step: &str) {
        has_something_to_say(self.pair, right).await;
        let store = self.steps.contains(&"secret-store");
        let waits = if store { &["--set", "steps.secret-store.with.ready_timeout=1s"][..] } else { &[] };
        let ran = self.program.run(&[&["verify", step, "--output", "json"], waits].concat()).await;
        named(right, &document(&ran), &ran);
    }

    /// Either the plan says that something stays because it could not be seen, or the removal is refused.
    async fn denied_in_destroy(&self, right: &Taken, step: &str) {
        let planned = self.program.ok(&["plan", step, "--destroy", "--output", "json"]).await;
        if is_named(right, &document(&planned)) {
            return;
        }
        let ran = self.program.fails(5, &[&destroy(step)[..], &["--no-preflight", "--output", "json"]].concat()).await;
        let answer = document(&ran);
        named(right, &answer["failure"], &ran);
        assert_eq!(answer["outcome"], "rolled-back", "{right:?}: {}\n{}", ran.stdout, ran.stderr);
    }
}

/// What a proof without a right could not give back is lost.
fn destroy(step: &str) -> [&str; 4] {
    ["destroy", step, "--yes", "--allow-irreversible"]
}

fn document(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}\n{}", ran.stdout, ran.stderr))
}

fn is_named(right: &Taken, answer: &Value) -> bool {
    let said = answer.to_string();
    // The server does not name this one, but what is bound.
    let is_granted = matches!(right, Taken::Verb(cell) if cell.verb == "bind") && said.contains("attempting to grant");
    is_granted || right.words().iter().all(|word| said.contains(word))
}

fn named(right: &Taken, answer: &Value, ran: &Ran) {
    assert!(is_named(right, answer), "{right:?} is not named:\n{}\n{}", ran.stdout, ran.stderr);
}

/// The lock, held by somebody.
fn elsewhere() -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "trustpath"},
        "spec": {"holderIdentity": "elsewhere", "leaseDurationSeconds": 60},
    })
}

fn is_of_the_lease(right: &Taken, verb: &str) -> bool {
    matches!(right, Taken::Verb(cell) if cell.resource == "leases" && cell.verb == verb)
}

fn is_about_events(right: &Taken) -> bool {
    matches!(right, Taken::Verb(cell) if cell.resource == "events")
}

/// The operator's events are read where it finds something wrong.
async fn has_something_to_say(pair: &Pair, right: &Taken) {
    if is_about_events(right) {
        others::operator_finds_fault(pair).await;
    }
}
