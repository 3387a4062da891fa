//! What is decided of a mount and its documents, and the requests that lead there.

use std::sync::Arc;

use rstest::rstest;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use trustpath_core::{
    Answer, Answers, At, Context, Decision, Facts, Handles, Intent, Managed, Note, Reversibility, Seen, Shown, Values,
    contract::StepConsent,
};

use super::*;
use crate::{AuthMount, VaultServer};

/// A method with a config and a role.
#[derive(Debug, Deserialize, JsonSchema)]
struct Method<const ONE_CLUSTER: bool> {
    keys: Vec<String>,
    ttl: u64,
}

impl<const ONE_CLUSTER: bool> AuthMethod for Method<ONE_CLUSTER> {
    const TYPE: &'static str = "approle";
    const SERVES_ONE_CLUSTER: bool = ONE_CLUSTER;
    type Takes = Option<AuthMount>;

    fn mount(&self, facts: &Option<AuthMount>) -> Mounted {
        facts.as_ref().map_or_else(|| Mounted::Owned("machines".into()), Mounted::from)
    }

    fn documents(&self, _: &Option<AuthMount>) -> Vec<Document> {
        let config = Document::replaced("config", ["config"]).set("keys", &self.keys).echoed(&["status"]);
        let role = Document::merged("role", ["role", "ci"]).set("ttl", self.ttl).server_default("bind", true);
        let role =
            role.fixed_at_creation(&["local"]).kept_below("id", "role-id").dies_with_it("secret IDs", "secret-id");
        vec![config, role]
    }

    fn proof(&self, _: &Option<AuthMount>) -> Option<LoginProof> {
        None
    }
}

const GRAPH: &str = "ours";

struct Case<const ONE_CLUSTER: bool> {
    step: Backend<Method<ONE_CLUSTER>>,
    cx: Context,
    facts: (VaultServer, Option<AuthMount>),
}

fn case<const ONE_CLUSTER: bool>(given: bool) -> Case<ONE_CLUSTER> {
    let step = serde_json::from_value(json!({"keys": ["k"], "ttl": 60})).expect("a configuration");
    let cx =
        Context::new(GRAPH, "machines", Arc::new(Facts::default()), Arc::new(Handles::new()), StepConsent::default());
    let mount = given.then(|| AuthMount { path: "machines".into(), namespace: None });
    Case { step, cx, facts: (VaultServer::default(), mount) }
}

impl<const ONE_CLUSTER: bool> Case<ONE_CLUSTER> {
    fn at(&self) -> At<'_, (VaultServer, Option<AuthMount>)> {
        At { cx: &self.cx, facts: &self.facts }
    }

    fn seen(&self, answers: Vec<(&str, Value)>) -> Seen<OwnedMount> {
        let answers: Answers = answers.into_iter().map(|(name, found)| (name, Answer::Found(found))).collect();
        Seen { state: self.step.state(self.at(), &answers).expect("a state"), answers }
    }

    fn decide(&self, intent: Intent, answers: Vec<(&str, Value)>) -> Decision<OwnedMount> {
        self.step.decide(self.at(), intent, &self.seen(answers)).expect("a decision")
    }

    fn sends(&self, from: Option<&OwnedMount>, to: Option<&OwnedMount>) -> Vec<String> {
        let legs = self.step.route(self.at(), from, to).expect("a way");
        assert_eq!(legs.last().and_then(|leg| leg.to.clone()), to.cloned(), "the way ends elsewhere");
        let line = |Shown { method, path, body, .. }: Shown| format!("{method} {path} {body}");
        legs.iter().map(|leg| line(leg.request.shown())).collect()
    }
}

fn mounts(description: &str) -> (&'static str, Value) {
    (
        "auth mount",
        json!({"machines/": {"type": "approle", "description": description, "config": {"force_no_cache": false}}}),
    )
}

fn there(description: &str, ttl: u64) -> Vec<(&'static str, Value)> {
    let role = json!({"ttl": ttl, "bind": true, "other": "theirs", "list": [], "token_type": "default"});
    vec![mounts(description), ("config", json!({"keys": ["k"], "status": "valid"})), ("role", role)]
}

#[test]
fn from_empty_the_mount_comes_first() {
    let case = case::<false>(false);
    let made = case.decide(Intent::Make, vec![]).to.expect("something");
    let sends = [
        r#"POST sys/auth/machines {"description":"[trustpath graph=ours]","type":"approle"}"#,
        r#"POST auth/machines/config {"keys":["k"]}"#,
        r#"POST auth/machines/role/ci {"ttl":"60"}"#,
    ];
    assert_eq!(case.sends(None, Some(&made)), sends);
    assert_eq!(case.sends(Some(&made), None), ["DELETE sys/auth/machines null"]);
}

#[test]
fn what_is_equal_stays_unmarked_and_what_is_adopted_is_marked() {
    let case = case::<false>(false);
    let equal = there("theirs", 60);
    let decision = case.decide(Intent::Make, equal.clone());
    assert_eq!((decision.to, decision.ours), (case.seen(equal).state, false));
    let now = case.seen(there("theirs", 5)).state.expect("a mount");
    let adopted = case.decide(Intent::Make, there("theirs", 5));
    let to = adopted.to.expect("something");
    assert!(!adopted.ours);
    let tune = r#"POST sys/mounts/auth/machines/tune {"description":"theirs [trustpath graph=ours]"}"#;
    assert_eq!(
        case.sends(Some(&now), Some(&to)),
        [tune, r#"POST auth/machines/role/ci {"other":"theirs","ttl":"60"}"#]
    );
    assert_eq!(to.documents["role"]["other"], "theirs", "what the file does not say stays");
}

#[test]
fn a_role_that_comes_back_has_all_that_it_had() {
    let case = case::<false>(false);
    let mut answers = there("[trustpath graph=ours]", 60);
    answers.extend([
        ("role/ci/role-id", json!({"id": "chosen"})),
        ("role/", json!(["ci"])),
        ("role/ci/secret-id", json!([])),
    ]);
    let now = case.seen(answers.clone()).state.expect("a mount");
    let removal = case.decide(Intent::Remove, answers);
    assert_eq!((removal.to, removal.ours, removal.reversibility), (None, true, Reversibility::Full));
    let back = case.sends(None, Some(&now));
    assert_eq!(back[2], r#"POST auth/machines/role/ci {"id":"chosen","other":"theirs","ttl":"60"}"#);
}

#[test]
fn what_others_have_keeps_the_mount_and_what_dies_is_told() {
    let case = case::<false>(false);
    let mut answers = there("[trustpath graph=ours]", 60);
    answers.extend([("role/", json!(["ci", "theirs"])), ("role/ci/secret-id", json!(["one"]))]);
    let now = case.seen(answers.clone()).state.expect("a mount");
    let removal = case.decide(Intent::Remove, answers);
    let kept = removal.to.expect("the mount");
    assert_eq!(removal.notes, [Note::Left("the mount has `role/theirs`".into())]);
    assert_eq!(
        (removal.reversibility, removal.retains),
        (Reversibility::Lossy("secret IDs would be lost".into()), false)
    );
    assert_eq!(kept.documents.keys().collect::<Vec<_>>(), ["config"], "the config goes with the mount alone");
    assert_eq!(case.sends(Some(&now), Some(&kept)), ["DELETE auth/machines/role/ci null"]);
}

#[test]
fn what_may_not_be_listed_may_be_there() {
    let case = case::<false>(false);
    let found = there("[trustpath graph=ours]", 60).into_iter().map(|(name, found)| (name, Answer::Found(found)));
    let refused = ["role/", "role/ci/secret-id"].map(|name| (name, Answer::Refused("denied".into())));
    let answers: Answers = found.chain(refused).collect();
    let seen = Seen { state: case.step.state(case.at(), &answers).expect("a state"), answers };
    let removal = case.step.decide(case.at(), Intent::Remove, &seen).expect("a decision");
    assert_eq!(removal.notes, [Note::Left("the mount has what may not be listed (denied)".into())]);
    assert_eq!(
        removal.reversibility,
        Reversibility::Lossy("secret IDs that may not be listed (denied) would be lost".into())
    );
}

/// The rights are printed before the role is there, and its ID is not known then.
#[test]
fn what_the_server_chooses_may_come_back_by_the_rights_of_an_empty_server() {
    let case = case::<false>(false);
    let made = case.decide(Intent::Make, vec![]).to.expect("something");
    let legs = case.step.route(case.at(), None, Some(&made)).expect("a way");
    let rights = legs[2].request.rights(Values::Known);
    let sent: Vec<_> = rights.iter().filter_map(|right| right.grant["sent"].get("id")).collect();
    assert_eq!(sent.len(), 2, "{rights:?}");
    assert!(sent.iter().all(|id| id["any"].is_string()), "{sent:?}");
}

#[test]
fn a_config_is_updated_whether_it_is_there_or_not() {
    let case = case::<false>(false);
    let made = case.decide(Intent::Make, vec![]).to.expect("something");
    let legs = case.step.route(case.at(), None, Some(&made)).expect("a way");
    let rights = legs[1].request.rights(Values::Known);
    assert_eq!(rights.iter().map(|right| &*right.what).collect::<Vec<_>>(), ["`update` on `auth/machines/config`"]);
}

#[test]
fn a_config_that_was_not_there_takes_its_mount_along() {
    let case = case::<false>(false);
    let made = case.decide(Intent::Make, vec![]).to.expect("something");
    let mut bare = made.clone();
    bare.documents.remove("config");
    let sends = case.sends(Some(&made), Some(&bare));
    assert_eq!(sends[0], "DELETE sys/auth/machines null");
    assert_eq!(sends.len(), 3, "{sends:?}");
}

#[test]
fn what_a_server_merges_is_put_back_to_its_default() {
    let case = case::<false>(false);
    let mut now = case.seen(there("", 60)).state.expect("a mount");
    let role = now.documents.get_mut("role").expect("a role");
    role.extend([
        ("bind".to_owned(), json!(false)),
        ("local".to_owned(), json!(true)),
        ("list".to_owned(), json!(["x"])),
    ]);
    let to = case.seen(there("", 60)).state;
    assert_eq!(
        case.sends(Some(&now), to.as_ref()),
        [r#"POST auth/machines/role/ci {"bind":true,"list":[],"other":"theirs","ttl":"60"}"#]
    );
}

#[test]
fn on_a_given_mount_only_the_documents_are_its_own() {
    let case = case::<false>(true);
    let made = case.decide(Intent::Make, vec![]).to.expect("something");
    assert_eq!((made.mount.is_none(), case.step.gives(&case.facts).0), (true, None));
    let sends = case.sends(Some(&made), None);
    assert_eq!(sends, ["DELETE auth/machines/role/ci null", "DELETE auth/machines/config null"]);
    let (_, role) = there("", 60).remove(2);
    let mounts = |text: &str| json!({"auth": {"machines/": {"type": "approle", "description": text}}});
    for (text, ours) in [("[trustpath graph=ours]", true), ("[trustpath graph=other]", false), ("", false)] {
        let found = case.decide(Intent::Remove, vec![("role", role.clone()), ("mounts", mounts(text))]);
        assert_eq!((found.to, found.ours), (None, ours), "{text}");
    }
}

#[rstest]
#[case("[trustpath graph=ours cluster=here]", None)]
#[case("[trustpath graph=ours]", None)]
#[case("[trustpath graph=ours cluster=there]", Some("trustpath::vault::another_cluster"))]
fn a_mount_serves_one_cluster(#[case] description: &str, #[case] refused: Option<&str>) {
    let case = case::<true>(false);
    let answers = [there(description, 60), vec![("cluster", json!("here"))]].concat();
    match case.step.decide(case.at(), Intent::Make, &case.seen(answers.clone())) {
        Ok(decision) => {
            let text = decision.to.and_then(|to| Some(to.mount?.text()));
            assert_eq!((text.as_deref(), refused), (Some("[trustpath graph=ours cluster=here]"), None));
        }
        Err(failure) => {
            assert_eq!(failure.report().code.as_deref(), refused);
            let removal = case.decide(Intent::Remove, answers);
            assert_eq!((removal.to.is_some(), removal.retains), (true, false), "that of another cluster stays");
        }
    }
}

#[test]
fn a_mount_of_another_type_is_no_ones_to_change() {
    let case = case::<false>(false);
    let other = json!({"machines/": {"type": "userpass"}});
    let seen = case.seen(vec![("auth mount", other)]);
    let failure = case.step.decide(case.at(), Intent::Make, &seen).expect_err("another type");
    assert_eq!(failure.report().code.as_deref(), Some("trustpath::vault::another_type"));
}
