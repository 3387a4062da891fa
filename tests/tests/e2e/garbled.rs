//! The servers' true answers with one thing changed, under every step: no panic, an end, and words that can be shown.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;
use trustpath_tests::{
    pair::Pair,
    program::{Program, Ran, standard_file},
    proxy::{Fault, Key, Lasts, Proxy, keys},
    view,
};

/// How many answers are changed, one at a time; `TRUSTPATH_GARBLED` sets another number.
const ANSWERS: usize = 120;
/// No command takes longer, however busy the machine is.
const LONGEST: Duration = Duration::from_secs(120);

pub(crate) async fn no_answer_makes_it_panic_or_moves_the_terminal(pair: Arc<Pair>) {
    let program = Program::on(&pair);
    let limits = program.file("limits.toml", "[steps.secret-store.with]\nready_timeout = \"1s\"\n");
    let files = [standard_file(), pair.overlay_file(), limits].map(|file| file.display().to_string());
    let program = program.with("TRUSTPATH_FILE", &files.join(":")).with("VAULT_CLIENT_TIMEOUT", "2");
    program.ok(&["apply", "--yes"]).await;
    let made = view::snapshot(&pair).await;
    let number = std::env::var("TRUSTPATH_GARBLED").ok().and_then(|number| number.parse().ok()).unwrap_or(ANSWERS);
    let verbs: [&[&str]; 3] = [&["plan"], &["verify"], &["plan", "--output", "json"]];
    let mut asked = Vec::new();
    for verb in verbs {
        asked.extend(requests(&pair, &program, verb).await.into_iter().map(|(of_vault, key)| (verb, of_vault, key)));
    }
    // Neighbours ask for much the same: a step that is no divisor takes some of all.
    for at in 0..number {
        let (verb, of_vault, key) = &asked[at * 7 % asked.len()];
        pair.forget();
        let proxy = proxy(&pair, *of_vault);
        proxy.fault_nth(key.clone(), Lasts::Once, Fault::Garble(u64::try_from(at).expect("a small number")));
        let ran = timeout(LONGEST, program.run(verb)).await;
        let what = format!("{} with answer {at} to {key} changed", verb.join(" "));
        shown(&ran.unwrap_or_else(|_| panic!("{what}: it does not end")), &what);
        pair.lift();
    }
    pair.quiet().await;
    view::assert_same(&made, &view::snapshot(&pair).await, "what only reads has written");
    program.ok(&["destroy", "--yes"]).await;
}

fn proxy(pair: &Pair, of_vault: bool) -> &Proxy {
    if of_vault { &pair.vault_proxy } else { &pair.kubernetes_proxy }
}

/// What a command asks of both servers when nothing is changed.
async fn requests(pair: &Pair, program: &Program, verb: &[&str]) -> Vec<(bool, Key)> {
    pair.forget();
    program.ok(verb).await;
    pair.quiet().await;
    let of = |of_vault| keys(&proxy(pair, of_vault).seen()).into_iter().map(move |key| (of_vault, key));
    of(true).chain(of(false)).collect()
}

/// It ended by itself, and what it said moves no terminal.
fn shown(ran: &Ran, what: &str) {
    assert!(ran.code >= 0 && ran.code != 1 && ran.code != 101, "{what}: exit code {}\n{}", ran.code, ran.stderr);
    for text in [&ran.stdout, &ran.stderr] {
        let moves =
            |c: &char| (c.is_control() && *c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert_eq!(text.chars().find(moves), None, "{what}: {text:?}");
    }
}
