//! Mistakes in a graph file.

use trustpath_core::{
    Kind,
    file::{Source, load},
};
use trustpath_platform::{Connections, VaultServer};
use trustpath_step_policy as _;

/// What is said about a graph file whose rules are these.
fn said(rules: &str) -> Vec<String> {
    let text = format!("[steps.policy]\nuses = \"policy\"\n[steps.policy.with]\nname = \"apps-read\"\n{rules}\n");
    let ambient = |_: &Connections, facts: &mut _| add(facts);
    match load(vec![Source::new("plugins.toml", text)], &Kind::registered(), &[], ambient) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.iter().map(|one| format!("{one}; {}", one.help().unwrap())).collect(),
    }
}

fn add(facts: &mut trustpath_core::Facts) {
    facts.add("connections", VaultServer::default());
}

#[test]
fn each_form_of_the_rules_is_taken() {
    for rules in [
        "rules = '''\npath \"kv/data/apps/*\" {\n  capabilities = [\"read\"]\n}\n'''",
        "rules = { file = \"apps-read.hcl\" }",
        "rules = { \"kv/data/apps/*\" = [\"read\"] }",
        "[steps.policy.with.rules]\n\"kv/data/apps/*\" = [\"read\"]\n\"auth/token/create\" = { capabilities = [\"read\"], required_parameters = [\"x\"] }",
    ] {
        assert_eq!(said(rules), Vec::<String>::new(), "{rules}");
    }
}

#[test]
fn a_mistake_names_what_belongs_there() {
    for (rules, expected) in [
        (
            "rules = { \"a\" = [\"raed\"] }",
            &["`steps.policy.with.rules.a[0]` is wrong", "did you mean `read`? known: create,"][..],
        ),
        (
            "rules = { \"a\" = { capabilties = [\"read\"] } }",
            &["has no key `capabilties`", "did you mean `capabilities`?"],
        ),
        (
            "rules = { fiel = \"x.hcl\" }",
            &["`steps.policy.with.rules.fiel` is wrong", "expected a list of capabilities"],
        ),
        ("rules = 'path \"a\" {'", &["`steps.policy.with.rules` is wrong: it is no policy: line 1, column"]),
        ("rules = { file = \"x\", \"a\" = [\"read\"] }", &["`steps.policy.with.rules` has no key `a`; known: file"]),
        ("rules = 3", &["expected HCL as text, `{ file = \"…\" }`, or a table of paths"]),
        ("rulse = \"\"", &["has no key `rulse`", "did you mean `rules`?"]),
    ] {
        let said = said(rules);
        assert_eq!(said.len(), 1, "{rules}: {said:?}");
        assert!(expected.iter().all(|part| said[0].contains(part)), "{rules}: {said:?}");
    }
}
