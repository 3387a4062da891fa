//! Graphs of a size that no one has looked at by eye.

use std::{fmt::Write as _, sync::Arc};

use trustpath_tests::{pair::Pair, program::Program, view};

/// More than a server takes of anything in one request.
const MANY: usize = 1000;

fn graph() -> String {
    let mut text = "graph = \"size\"\n".to_owned();
    for nth in 0..MANY {
        let with = format!("{{ name = \"size-{nth}\", rules = {{ \"kv/data/size/{nth}/*\" = [\"read\"] }} }}");
        write!(text, "[steps.p{nth}]\nuses = \"policy\"\nwith = {with}\n").expect("a String takes everything");
    }
    text
}

/// Built, proven and taken away with the question about rights, which is about each of them.
pub(crate) async fn a_thousand_policies(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let program = Program::bare().connected(&pair);
    let file = program.file("size.toml", &graph());
    let program = program.with("TRUSTPATH_FILE", &file.display().to_string());
    let made = program.ok(&["apply", "--yes"]).await;
    assert!(made.stdout.contains(&format!("Done: {MANY} created.")), "{}", made.stdout);
    program.ok(&["permissions", "--only", "vault"]).await;
    let gone = program.ok(&["destroy", "--yes"]).await;
    assert!(gone.stdout.contains(&format!("Done: {MANY} deleted.")), "{}", gone.stdout);
    view::assert_same(&before, &view::snapshot(&pair).await, "the run left something");
}
