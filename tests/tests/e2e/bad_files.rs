//! Files that are wrong: a clear screen, and nothing written.

use std::sync::Arc;

use trustpath_tests::{pair::Pair, program::Program, view};

use crate::screens;

/// Runs `apply` with the pair's files and one more setting, and holds its screen against the snapshot.
async fn refused(pair: &Pair, name: &str, code: i32, program: &Program, more: &[&str]) {
    let before = view::snapshot(pair).await;
    let ran = program.fails(code, &[&["apply", "--yes"], more].concat()).await;
    view::assert_same(&before, &view::snapshot(pair).await, "a refused run changed something");
    screens::same(name, pair, program, &ran);
}

pub(crate) async fn garbage_pem(pair: Arc<Pair>) {
    let program = Program::on(&pair);
    program.file("ca.pem", "-----BEGIN CERTIFICATE-----\nnot a certificate\n-----END CERTIFICATE-----\n");
    let set = "steps.kubernetes-auth.with.ca.file=ca.pem";
    refused(&pair, "garbage_pem", 3, &program, &["--set", set]).await;
}

pub(crate) async fn garbage_jwt(pair: Arc<Pair>) {
    let program = Program::on(&pair);
    program.file("garbage.jwt", "this is not a token");
    let set = "steps.kubernetes-auth.with.reviewer.file=garbage.jwt";
    refused(&pair, "garbage_jwt", 3, &program, &["--set", set]).await;
}

pub(crate) async fn an_empty_file(pair: Arc<Pair>) {
    let program = Program::on(&pair);
    program.file("empty.toml", "");
    let program = program.with("TRUSTPATH_FILE", "empty.toml");
    refused(&pair, "an_empty_file", 3, &program, &[]).await;
}

pub(crate) async fn not_toml(pair: Arc<Pair>) {
    let program = Program::on(&pair);
    program.file("graph.yaml", "steps:\n  policy:\n    uses: policy\n");
    let program = program.with("TRUSTPATH_FILE", "graph.yaml");
    refused(&pair, "not_toml", 3, &program, &[]).await;
}

pub(crate) async fn every_mistake_at_once(pair: Arc<Pair>) {
    let program = Program::on(&pair);
    let file = r#"
[steps.service-account]
uses = "service-acount"
with = { namespace = "external-secrets", name = "external-secrets" }

[steps.policy]
uses = "policy"
with = { name = "apps-read", ruels = {} }

[steps.role]
uses  = "kubernetes-role"
needs = ["polcy"]
with  = { name = 7 }
"#;
    program.file("wrong.toml", file);
    let program = program.with("TRUSTPATH_FILE", "wrong.toml");
    refused(&pair, "every_mistake_at_once", 3, &program, &[]).await;
}
