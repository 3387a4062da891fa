//! A fault in `apply`, and another one in its undo, which lasts; then `rollback`, once it is gone.

use std::sync::Arc;

use trustpath_tests::{
    pair::Pair,
    sweep::{
        Asked, Beginning, Way, World,
        asked::asked,
        model::{Undone, expected_undo},
        way::proxy,
    },
};

use crate::{
    cell::{clean_run, judge, note},
    is_full, none_yet, pinned,
};

pub(crate) async fn from_empty(pair: Arc<Pair>) {
    sweep(pair, Beginning::Empty).await;
}

pub(crate) async fn from_other_values(pair: Arc<Pair>) {
    sweep(pair, Beginning::Other).await;
}

async fn sweep(pair: Arc<Pair>, beginning: Beginning) {
    let mut world = World::new(pair, beginning).await;
    let requests = clean_run(&mut world).await;
    let mut tally = none_yet();
    for write in requests.iter().filter(|asked| asked.makes) {
        for first in firsts() {
            for undoing in undo_of(&world, write, first).await {
                for (way, lasts) in seconds().filter(|_| fits(&undoing)) {
                    let name = format!("{write}, {first}; {undoing}, {way}, {lasts}");
                    if !tally.is_ours(&name) {
                        continue;
                    }
                    let must = expected_undo(&undoing, way, lasts);
                    let came = cell(&world, (write, first), (&undoing, way, lasts), must).await;
                    let row = format!("{way}, {}", if lasts { "on" } else { "once" });
                    note(&mut tally, &name, row, must.outcome(), came);
                }
            }
        }
    }
    pinned(&world, "pairs", &tally);
    world.leave().await;
}

/// What happens to the write: the server has acted, or has not.
fn firsts() -> impl Iterator<Item = Way> {
    [Way::LostAnswer(500), Way::Status(400)].into_iter().take(if is_full() { 2 } else { 1 })
}

/// What happens to the undo, and whether it lasts.
fn seconds() -> impl Iterator<Item = (Way, bool)> {
    let standard = [(Way::Status(403), true), (Way::ResetAfter, false)];
    let full = [(Way::ResetBefore, true), (Way::Status(500), true), (Way::Status(503), false), (Way::Refused, false)];
    standard.into_iter().chain(full.into_iter().filter(|_| is_full()))
}

/// Before a namespace goes, everything is asked whether anything is in it: one of those requests is like another.
fn fits(undoing: &Asked) -> bool {
    let looks_around = undoing.what().starts_with("GET /apis")
        || undoing.what().starts_with("GET /api/v1/namespaces/external-secrets/");
    let own = ["serviceaccounts/external-secrets", "clustersecretstores/vault-backend"];
    undoing.makes || is_full() || !looks_around || own.iter().any(|end| undoing.what().ends_with(end))
}

/// The requests of the undo after this fault.
async fn undo_of(world: &World, write: &Asked, way: Way) -> Vec<Asked> {
    world.forget();
    way.befall(&world.pair, write);
    let ran = world.program.run(&world.apply()).await;
    world.pair.lift();
    world.assert_before(&format!("{write}, {way}: the undo left something ({})", ran.code)).await;
    let all = asked(&world.pair);
    let at = all.iter().position(|asked| asked.key == write.key).expect("it was asked");
    all.into_iter().skip(at + 1).collect()
}

async fn cell(
    world: &World,
    (write, first): (&Asked, Way),
    (undoing, way, lasts): (&Asked, Way, bool),
    must: Undone,
) -> Result<(), String> {
    world.forget();
    first.befall(&world.pair, write);
    if lasts {
        way.befall_from(&world.pair, undoing)
    } else {
        way.befall(&world.pair, undoing)
    }
    let ran = world.program.run(&world.apply()).await;
    let fired = [write, undoing].iter().all(|asked| proxy(&world.pair, asked.system).faults_fired());
    world.pair.lift();
    let came = judge(world, &ran, must.outcome()).await;
    if fired { came } else { Err("the faults did not happen".into()) }
}
