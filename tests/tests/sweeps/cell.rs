//! What all sweeps do with a run: list its requests, hold its end against what must be, and put everything back.

use trustpath_tests::{
    program::Ran,
    sweep::{
        Asked, Outcome, Tally, World,
        asked::{asked, assert_steady, tell_proofs},
        model::may_begin,
        way::proxy,
    },
};

use crate::is_full;

/// Runs once to the end and back, and once more; what it asks for is what can go wrong.
pub(crate) async fn clean_run(world: &mut World) -> Vec<Asked> {
    let mut runs = Vec::new();
    for _ in 0..2 {
        world.forget();
        world.program.ok(&world.apply()).await;
        let mut run = asked(&world.pair);
        world.pair.forget();
        world.program.ok(&["verify"]).await;
        tell_proofs(&mut run, &asked(&world.pair));
        runs.push(run);
        world.after = world.seen().await;
        world.program.ok(&["rollback", "--yes"]).await;
        world.assert_before("a clean rollback left something").await;
    }
    assert_steady(&runs[0], &runs[1]);
    let requests = runs.remove(0);
    if is_full() {
        requests.iter().for_each(|asked| println!("    {:?} {asked} {}", asked.phase, asked.status));
    }
    requests
}

/// What a run comes to while a request is held, which goes on when the run has looked at what it would have made, or has
/// ended.
pub(crate) async fn delivered_late(world: &World, asked: &Asked, run: impl Future<Output = Ran>) -> Ran {
    let proxy = proxy(&world.pair, asked.system);
    let path = asked.what().split_once(' ').map_or("", |(_, path)| path);
    let mut run = std::pin::pin!(run);
    let deliver = async {
        proxy.held().await;
        proxy.until_looked_at(path).await;
        proxy.release();
    };
    tokio::select! {
        ran = &mut run => {
            proxy.release();
            ran
        }
        () = deliver => run.await,
    }
}

/// Holds exit code and servers against what must be, and leaves them as they were before.
pub(crate) async fn judge(world: &World, ran: &Ran, must: Outcome) -> Result<(), String> {
    let seen = world.seen().await;
    let (before, after) = (world.is_before(&seen), world.is_after(&seen));
    let came = match (ran.code, before, after) {
        (0, _, true) => Some(Outcome::After),
        (12, ..) => Some(Outcome::Stuck),
        (1..=11 | 130, true, _) => Some(Outcome::Before),
        _ => None,
    };
    let next = begins(world, must.is_unfinished()).await;
    let back = if came == Some(Outcome::Before) { Ok(()) } else { rolled_back(world).await };
    let back = next.and(back);
    match (came, back) {
        (Some(came), Ok(())) if came == must => Ok(()),
        (came, back) => {
            world.fix().await;
            let is = if before {
                "as before"
            } else if after {
                "as after"
            } else {
                "neither before nor after"
            };
            let back = back.err().map(|why| format!("\nand then: {why}")).unwrap_or_default();
            Err(format!("must be {must:?}, and is {came:?} (exit code {}, {is})\n{}{back}", ran.code, said(ran)))
        }
    }
}

/// Asks for another run, from another machine and from this one: it has to begin, unless one is unfinished.
pub(crate) async fn begins(world: &World, unfinished: bool) -> Result<(), String> {
    // Without a cluster, and without a lock in Vault, another machine knows of no run.
    let elsewhere = world.chain.is_of_a_cluster().then_some((&world.elsewhere, "another machine"));
    for (program, whence) in elsewhere.into_iter().chain([(&world.program, "here")]) {
        let ran = program.run(&world.begin()).await;
        if may_begin(&ran) != Some(!unfinished) {
            let must = if unfinished { "must not" } else { "must" };
            return Err(format!(
                "from {whence} another run {must} begin, and it came to exit code {}\n{}",
                ran.code,
                said(&ran)
            ));
        }
    }
    Ok(())
}

/// Counts what a cell came to. The full form takes long, and says it at once: one that is stopped has told what it saw.
pub(crate) fn note(tally: &mut Tally, cell: &str, row: impl ToString, must: Outcome, came: Result<(), String>) {
    if is_full() {
        let came = came.as_ref().map_or("NOT AS IT MUST", |()| "as it must");
        println!("    {must:?}, {came}: {cell}");
    }
    match came {
        Ok(()) => tally.right(row, must),
        Err(why) => tally.wrong(format!("{cell}: {why}")),
    }
}

/// Takes the latest run back: it has to end well, with everything as it was before.
pub(crate) async fn rolled_back(world: &World) -> Result<(), String> {
    let ran = world.program.run(&["rollback", "--yes"]).await;
    is_before(world, &ran).await
}

/// Whether a run ended well, with everything as it was before.
pub(crate) async fn is_before(world: &World, ran: &Ran) -> Result<(), String> {
    let left = world.differs().await;
    match (ran.code, left) {
        (0, None) => begins(world, false).await,
        (code, left) => {
            world.fix().await;
            Err(format!("exit code {code}, and it leaves {}\n{}", left.unwrap_or("nothing".into()), said(ran)))
        }
    }
}

/// What a run said, without its progress.
pub(crate) fn said(ran: &Ran) -> String {
    let lines = ran.stderr.lines().filter(|line| !line.starts_with(['…', '✓', '↩']) && !line.trim().is_empty());
    lines.map(|line| format!("        {line}")).collect::<Vec<_>>().join("\n")
}
