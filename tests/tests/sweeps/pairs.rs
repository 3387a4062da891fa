//! A fault in `apply`, and another one in its undo, which lasts; then `rollback`, once it is gone.

use std::{sync::Arc, time::SystemTime};

use trustpath_core::journal::{Log, Record};
use trustpath_tests::{
    chain::Chain,
    pair::Pair,
    program::Ran,
    sweep::{
        Asked, Beginning, Way, World,
        asked::asked,
        model::{Undone, expected_undo, looks_into_namespace},
        way::proxy,
    },
};

use crate::{
    cell::{clean_run, judge, note, said},
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

/// Before a namespace goes, everything is asked whether anything is in it: one of those requests is like another. Every login
/// has left an identity entity, and before a policy goes each is asked whether it uses it: they are more from run to run.
fn fits(undoing: &Asked) -> bool {
    let is_like_others = looks_into_namespace(undoing) && undoing.what() != "GET /api/v1";
    let is_left_by_a_login = undoing.what().starts_with("GET /v1/identity/entity/id/");
    undoing.makes || (!is_left_by_a_login && (is_full() || !is_like_others))
}

/// The requests of the undo after this fault.
async fn undo_of(world: &World, write: &Asked, way: Way) -> Vec<Asked> {
    world.forget();
    way.befall(&world.pair, write);
    let ran = world.program.run(&world.apply()).await;
    world.pair.lift();
    world.assert_before(&format!("{write}, {way}: the undo left something ({})", ran.code)).await;
    let undo_started = undo_started(world);
    asked(&world.pair).into_iter().filter(|asked| asked.at > undo_started).collect()
}

/// When the undo began. What the run asked before may come by in any order: proofs and looks go on beside its writes.
fn undo_started(world: &World) -> SystemTime {
    let log = Log::read(&world.program.journal()).expect("a journal");
    let entry = log.entries.iter().find(|entry| matches!(entry.record, Record::UndoStarted { .. }));
    entry.expect("it turned back").at.into()
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
    let came = match must {
        Undone::Left => left_and_over(world, &ran).await,
        Undone::Back | Undone::Stuck => judge(world, &ran, must.outcome()).await,
    };
    if fired { came } else { Err("the faults did not happen".into()) }
}

/// The run failed and is over; whoever removes the namespace by hand has what was there before.
async fn left_and_over(world: &World, ran: &Ran) -> Result<(), String> {
    let named = ran.stderr.contains("cannot be seen whether the namespace `external-secrets` is empty");
    world.pair.remove_namespace("external-secrets").await;
    match (ran.code, named, world.differs().await) {
        (1..=11, true, None) => Ok(()),
        (code, named, left) => {
            world.fix().await;
            Err(format!(
                "must leave the namespace; exit code {code}, named: {named}, else left: {left:?}\n{}",
                said(ran)
            ))
        }
    }
}
