//! One fault in `apply`: every request, every way, from an empty server and from one that holds other values.

use std::sync::Arc;

use trustpath_tests::{
    chain::Chain,
    pair::Pair,
    sweep::{
        Asked, Beginning, Outcome, Way, World,
        model::{expected, is_believed},
        way::proxy,
    },
};

use crate::{
    cell::{clean_run, delivered_late, judge, note},
    is_full, none_yet, pinned,
};

pub(crate) async fn from_empty(pair: Arc<Pair>) {
    sweep(pair, Beginning::Empty).await;
}

pub(crate) async fn from_other_values(pair: Arc<Pair>) {
    sweep(pair, Beginning::Other).await;
}

async fn sweep(pair: Arc<Pair>, beginning: Beginning) {
    let mut world = World::new(pair, Chain::Standard, beginning).await;
    let requests = clean_run(&mut world).await;
    let mut tally = none_yet();
    for asked in &requests {
        for way in Way::ALL.into_iter().filter(|way| fits(asked, *way)) {
            let name = format!("{asked}, {way}");
            if !tally.is_ours(&name) {
                continue;
            }
            let must = expected(asked, way);
            let came = cell(&world, asked, way, must).await;
            note(&mut tally, &name, way, must, came);
        }
    }
    pinned(&world, "faults", &tally);
    world.leave().await;
}

/// Every way for what makes something. For all else the ways that leave something to be seen; not all of them unless the
/// sweep is the full one: that a status is asked again is told from the status alone, whatever was asked.
fn fits(asked: &Asked, way: Way) -> bool {
    let of_reads = [Way::ResetBefore, Way::Status(403), Way::Status(404), Way::Status(500)];
    let sensible = asked.makes || of_reads.contains(&way) || (is_full() && way.is_for_reads());
    sensible && !is_believed(asked, way)
}

/// Runs one cell, from what was before; says what came out otherwise than it must.
async fn cell(world: &World, asked: &Asked, way: Way, must: Outcome) -> Result<(), String> {
    world.forget();
    way.befall(&world.pair, asked);
    let (proxy, words) = (proxy(&world.pair, asked.system), world.apply());
    let run = world.program.run(&words);
    let ran = if way == Way::Late { delivered_late(world, asked, run).await } else { run.await };
    let fired = proxy.faults_fired();
    world.pair.lift();
    let came = judge(world, &ran, must).await;
    if fired { came } else { Err("the fault did not happen".into()) }
}
