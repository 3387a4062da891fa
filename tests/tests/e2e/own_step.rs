//! A kind of one's own, in a binary of one's own.

use std::{path::Path, sync::Arc};

use trustpath_tests::{
    least::Least,
    pair::Pair,
    program::{Program, build},
    view,
};

pub(crate) async fn an_app_role_from_its_own_binary(pair: Arc<Pair>) {
    let binary = tokio::task::spawn_blocking(|| build("trustpath-own-step", "trustpath-own-step")).await.unwrap();
    let graph = Path::new(env!("CARGO_MANIFEST_DIR")).join("own-step/approle.toml");
    let program = Program::of(binary).connected(&pair).with("TRUSTPATH_FILE", &graph.display().to_string());
    let least = Least::of(&pair, &program, &[]).await;
    let program = least.holder(&pair, program);
    let before = view::snapshot(&pair).await;
    let kinds = program.ok(&["steps", "list"]).await;
    assert!(kinds.stdout.contains("approle"), "{}", kinds.stdout);
    program.ok(&["apply", "--yes"]).await;
    program.ok(&["plan", "--detailed-exitcode"]).await;
    let role = pair.vault.get("auth/approle/role/ci").await.expect("the role");
    assert_eq!(role["data"]["token_policies"], serde_json::json!(["ci-read"]));
    program.ok(&["verify"]).await;
    program.ok(&["rollback", "--yes"]).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "the rollback left something");
    program.ok(&["apply", "--yes"]).await;
    program.ok(&["destroy", "--yes"]).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "destroy left something");
    least.leave(&pair).await;
}
