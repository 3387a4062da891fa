//! The rights that `permissions` prints, and nothing more.

use std::sync::Arc;

use trustpath_tests::{least::Least, pair::Pair, program::Program, view};

/// Every verb, with nothing but what `permissions` printed.
pub(crate) async fn printed_is_enough(pair: Arc<Pair>) {
    let root = Program::on(&pair);
    println!("{}", root.ok(&["permissions"]).await.stdout);
    let least = Least::of(&pair, &root, &[]).await;
    let program = least.holder(&pair, Program::on(&pair));
    let before = view::snapshot(&pair).await;
    program.fails(2, &["plan", "--detailed-exitcode"]).await;
    program.ok(&["apply", "--yes"]).await;
    program.ok(&["verify"]).await;
    program.ok(&["rollback", "--yes"]).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "the rollback left something");
    let applied = program.ok(&["apply", "--yes"]).await;
    println!("{}\n{}", applied.stdout, applied.stderr);
    program.ok(&["destroy", "--yes"]).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "destroy left something");
    least.leave(&pair).await;
}
