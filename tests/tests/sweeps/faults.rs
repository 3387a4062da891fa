//! One fault in `apply`: every request, every way, from an empty server and from one that holds other values.

use std::sync::Arc;

use trustpath_tests::{
    pair::Pair,
    program::Ran,
    sweep::{
        Asked, Beginning, Outcome, Tally, Way, World,
        asked::{asked, assert_steady},
        model::expected,
        way::proxy,
    },
};

use crate::{is_full, pinned};

pub(crate) async fn from_empty(pair: Arc<Pair>) {
    sweep(pair, Beginning::Empty).await;
}

pub(crate) async fn from_other_values(pair: Arc<Pair>) {
    sweep(pair, Beginning::Other).await;
}

async fn sweep(pair: Arc<Pair>, beginning: Beginning) {
    let mut world = World::new(pair, beginning).await;
    let requests = clean_run(&mut world).await;
    let mut tally = Tally::default();
    for asked in &requests {
        for way in Way::ALL.into_iter().filter(|way| fits(asked, *way)) {
            let must = expected(asked, way);
            match cell(&world, asked, way, must).await {
                Ok(()) => tally.right(way, must),
                Err(why) => tally.wrong(format!("{asked}, {way}: {why}")),
            }
        }
    }
    pinned(&world, "faults", &tally);
    world.leave().await;
}

/// Runs once to the end and back, and once more; what it asks for is what can go wrong.
async fn clean_run(world: &mut World) -> Vec<Asked> {
    let mut runs = Vec::new();
    for _ in 0..2 {
        world.pair.forget();
        world.program.ok(&world.apply()).await;
        runs.push(asked(&world.pair));
        world.after = world.seen().await;
        world.program.ok(&["rollback", "--yes"]).await;
        world.assert_before("a clean rollback left something").await;
    }
    assert_steady(&runs[0], &runs[1]);
    runs.remove(0)
}

fn fits(asked: &Asked, way: Way) -> bool {
    let sensible = if asked.makes { true } else { way.is_for_reads() };
    sensible && (is_full() || asked.makes || !(way.stalls() || way == Way::Throttled))
}

/// Runs one cell, from what was before; says what came out otherwise than it must.
async fn cell(world: &World, asked: &Asked, way: Way, must: Outcome) -> Result<(), String> {
    let pair = &world.pair;
    world.forget();
    way.befall(pair, asked);
    let ran = if way == Way::Late { late(world, asked).await } else { world.program.run(&world.apply()).await };
    let fired = proxy(pair, asked.system).faults_fired();
    pair.lift();
    let came = judge(world, &ran, must).await;
    if !fired {
        world.mend().await;
        return Err("the fault did not happen".into());
    }
    came
}

/// The request goes on when the undo has looked at what it would have made, or the program has ended.
async fn late(world: &World, asked: &Asked) -> Ran {
    let proxy = proxy(&world.pair, asked.system);
    let words = world.apply();
    let run = world.program.run(&words);
    let deliver = async {
        proxy.held().await;
        let at = proxy.seen().iter().rposition(|seen| seen.what() == asked.what()).expect("it is held");
        proxy.until(|seen| seen[at + 1..].iter().any(|seen| seen.status != 0)).await;
        proxy.release();
    };
    let mut run = std::pin::pin!(run);
    tokio::select! {
        ran = &mut run => {
            proxy.release();
            ran
        }
        () = deliver => run.await,
    }
}

/// Holds exit code and servers against what must be, and leaves them as they were before.
async fn judge(world: &World, ran: &Ran, must: Outcome) -> Result<(), String> {
    let seen = world.seen().await;
    let (before, after) = (seen == world.before, seen == world.after);
    let came = match (ran.code, before, after) {
        (0, _, true) => Some(Outcome::After),
        (12, ..) => Some(Outcome::Stuck),
        (1..=11 | 130, true, _) => Some(Outcome::Before),
        _ => None,
    };
    let back = match came {
        Some(Outcome::Before) => Ok(()),
        _ => world.program.run(&["rollback", "--yes"]).await.ended_well(),
    };
    let left = world.differs().await;
    if let Some(left) = &left {
        world.mend().await;
        world.assert_before(&format!("it cannot be mended by hand: {left}")).await;
    }
    match (came, back, left) {
        (Some(came), Ok(()), None) if came == must => Ok(()),
        (came, back, left) => Err(format!(
            "must be {must:?}, and is {came:?} (exit code {}, {}{})\n{}\n{}\n",
            ran.code,
            if before {
                "as before"
            } else if after {
                "as after"
            } else {
                "neither before nor after"
            },
            left.map(|left| format!(", rollback leaves {left}")).unwrap_or_default(),
            indented(&ran.stderr),
            back.err().map(|said| indented(&said)).unwrap_or_default(),
        )),
    }
}

fn indented(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with(['…', '✓', '↩']) && !line.trim().is_empty());
    lines.map(|line| format!("        {line}")).collect::<Vec<_>>().join("\n")
}
