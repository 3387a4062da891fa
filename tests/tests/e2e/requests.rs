//! `plan --requests`: what would be sent, as it is sent then.

use std::sync::Arc;

use serde_json::Value;
use trustpath_tests::{
    pair::Pair,
    program::{Program, Ran},
};

use crate::screens;

/// From empty, of one changed field, and of a destroy.
pub(crate) async fn are_shown_as_they_are_sent(pair: Arc<Pair>) {
    let program = Program::on(&pair);
    let changed = ["--set", "steps.role.with.ttl=17m"];
    let destroy = |verb: &'static str, flag: &'static str| [verb, flag].to_vec();
    let verbs = [
        ("from_empty", vec!["plan"], vec!["apply", "--yes"]),
        (
            "of_a_changed_field",
            [vec!["plan"], changed.to_vec()].concat(),
            [vec!["apply", "--yes"], changed.to_vec()].concat(),
        ),
        ("of_a_destroy", destroy("plan", "--destroy"), destroy("destroy", "--yes")),
    ];
    for (name, plan, verb) in verbs {
        let screen = program.ok(&[plan.clone(), vec!["--requests"]].concat()).await;
        screens::printed(&format!("requests_{name}"), &pair, &program, &screen);
        let shown = shown(&program.ok(&[plan, vec!["--requests", "--output", "json"]].concat()).await);
        pair.forget();
        program.ok(&verb).await;
        assert_eq!(shown, sent(&pair), "{name}");
    }
}

/// Method and path of each request that would be sent or tried, sorted: steps are side by side. Which version of the store's
/// type is served is known once it is looked for. Both proofs that try the ServiceAccount name its token, and share it.
fn shown(planned: &Ran) -> Vec<String> {
    let document: Value = serde_json::from_str(&planned.stdout).expect("a document");
    let steps = document["steps"].as_array().expect("steps").iter();
    let lists = steps.flat_map(|step| [&step["requests"]["writes"], &step["requests"]["proof"]]);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let line = |request: &Value| format!("{} {}", text(&request["method"]), text(&request["path"]));
    let lines = lists.flat_map(|list| list.as_array().into_iter().flatten()).map(line);
    let mut lines: Vec<_> = lines.map(|line| line.replace("<the version that is served>", "v1")).collect();
    lines.sort();
    lines.dedup_by(|line, before| line == before && line.ends_with("/token"));
    lines
}

/// The same of what was sent. That a login's token is revoked goes without saying.
fn sent(pair: &Pair) -> Vec<String> {
    let seen = [pair.vault_proxy.seen(), pair.kubernetes_proxy.seen()].concat();
    let writes = seen.iter().filter(|seen| seen.writes() && !seen.path.ends_with("/auth/token/revoke-self"));
    let path = |path: &str| path.strip_prefix("/v1/").unwrap_or(path.trim_start_matches('/')).to_owned();
    let mut lines: Vec<_> = writes.map(|seen| format!("{} {}", seen.method, path(&seen.path))).collect();
    lines.sort();
    lines
}
