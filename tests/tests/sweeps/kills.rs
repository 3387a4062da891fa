//! SIGKILL at every request of `apply`, and of its undo: then another process takes it back, or carries it to its end.

use std::sync::Arc;

use trustpath_tests::{
    chain::Chain,
    pair::Pair,
    program::Ran,
    proxy::{Fault, Lasts},
    sweep::{Asked, Beginning, Outcome, Phase, Tally, Way, World, asked::asked, way::proxy},
};

use crate::{
    cell::{begins, clean_run, delivered_late, is_before, note, rolled_back, said},
    is_full, none_yet, pinned,
};

pub(crate) async fn from_empty(pair: Arc<Pair>) {
    sweep(pair, Chain::Standard, Beginning::Empty).await;
}

pub(crate) async fn from_other_values(pair: Arc<Pair>) {
    sweep(pair, Chain::Standard, Beginning::Other).await;
}

pub(crate) async fn of_an_app_role_from_empty(pair: Arc<Pair>) {
    sweep(pair, Chain::AppRole, Beginning::Empty).await;
}

pub(crate) async fn of_an_app_role_from_other_values(pair: Arc<Pair>) {
    sweep(pair, Chain::AppRole, Beginning::Other).await;
}

pub(crate) async fn of_a_jwt_chain_from_empty(pair: Arc<Pair>) {
    sweep(pair, Chain::Jwt, Beginning::Empty).await;
}

pub(crate) async fn of_a_jwt_chain_from_other_values(pair: Arc<Pair>) {
    sweep(pair, Chain::Jwt, Beginning::Other).await;
}

/// Where a request is when its process is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// On its way, and lost with its process.
    Lost,
    /// On its way, and carried out when another process has looked.
    Late,
    /// Carried out; no one has heard of it.
    Acted,
}

/// What of the journal is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Journal {
    /// All of it.
    Whole,
    /// Half of its last record: what announces a request that was never sent.
    Torn,
    /// All but its last record: the process died right after the one before it.
    Shorter,
}

/// What the other process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Rollback,
    Resume,
    /// It begins another run: what is proven is closed.
    Apply,
}

/// A journal is only ever cut where nothing was sent after what is left of it.
const CELLS: [(Moment, Journal, Then); 10] = [
    (Moment::Lost, Journal::Whole, Then::Rollback),
    (Moment::Lost, Journal::Whole, Then::Resume),
    (Moment::Lost, Journal::Torn, Then::Rollback),
    (Moment::Lost, Journal::Shorter, Then::Resume),
    (Moment::Late, Journal::Whole, Then::Rollback),
    (Moment::Late, Journal::Whole, Then::Resume),
    (Moment::Acted, Journal::Whole, Then::Rollback),
    (Moment::Acted, Journal::Whole, Then::Resume),
    (Moment::Lost, Journal::Whole, Then::Apply),
    (Moment::Acted, Journal::Whole, Then::Apply),
];

async fn sweep(pair: Arc<Pair>, chain: Chain, beginning: Beginning) {
    let mut world = World::new(pair, chain, beginning).await;
    let requests = clean_run(&mut world).await;
    let mut tally = none_yet();
    for asked in requests.iter().filter(|asked| chain.is_own(asked.what()) && fits(asked)) {
        for (moment, journal, then) in CELLS {
            // A request that makes nothing announces nothing, and does nothing late.
            let of_the_lock = asked.locks && (moment, journal) == (Moment::Acted, Journal::Whole);
            let has_it = asked.makes || of_the_lock || (moment, journal) == (Moment::Lost, Journal::Whole);
            // Another one begins when all is made.
            let is_possible = then != Then::Apply || is_made(chain, asked);
            let name = format!("{asked}, {moment:?}, {journal:?}, {then:?}");
            if !has_it || !is_possible || !tally.is_ours(&name) {
                continue;
            }
            let outcome = if then == Then::Rollback { Outcome::Before } else { Outcome::After };
            let came = forward(&world, asked, moment, journal, then).await;
            note(&mut tally, &name, format!("{moment:?} {journal:?}"), outcome, came);
        }
    }
    backward(&world, &requests, &mut tally).await;
    pinned(&world, "kills", &tally);
    world.leave().await;
}

/// From the first write on there is a journal. Of the proofs, which only read, one stands for those that go on while the last
/// step is made, and one for those after it.
fn fits(asked: &Asked) -> bool {
    let stands = |what: &str| what.ends_with("/login") || what.ends_with("/pods");
    asked.phase == Phase::Making || asked.phase == Phase::Proving && (is_full() || asked.locks || stands(asked.what()))
}

/// Whether the last step has been made, of which the proof is asked: it is the role where there is no store.
fn is_made(chain: Chain, asked: &Asked) -> bool {
    let last = if chain == Chain::AppRole { "/login" } else { "/pods" };
    asked.phase == Phase::Proving && (asked.locks || asked.what().ends_with(last))
}

async fn forward(world: &World, asked: &Asked, moment: Moment, journal: Journal, then: Then) -> Result<(), String> {
    world.forget();
    killed(world, &world.apply(), asked, moment).await?;
    cut(world, journal);
    // Nothing is asked where it would be late, or close a run that is to be continued.
    if asked.phase == Phase::Making && moment != Moment::Late {
        begins(world, true).await?;
    }
    let ran = go_on(world, asked, moment, then).await;
    match then {
        Then::Rollback => is_before(world, &ran).await,
        Then::Resume | Then::Apply => {
            if ran.code != 0 || !world.is_after(&world.seen().await) {
                world.fix().await;
                return Err(format!("exit code {}, and it is not as after\n{}", ran.code, said(&ran)));
            }
            rolled_back(world).await
        }
    }
}

/// The last write fails, and the undo is killed at each of its requests.
async fn backward(world: &World, requests: &[Asked], tally: &mut Tally) {
    let last = requests.iter().rfind(|asked| asked.makes).expect("something is made");
    let fail = || Way::LostAnswer(500).befall(&world.pair, last);
    world.forget();
    fail();
    world.program.run(&world.apply()).await;
    world.pair.lift();
    let all = asked(&world.pair);
    let at = all.iter().position(|asked| asked.key == last.key).expect("it was asked");
    for undoing in all[at + 1..].iter().filter(|asked| asked.makes && world.chain.is_own(asked.what())) {
        for moment in [Moment::Lost, Moment::Late, Moment::Acted] {
            let name = format!("undoing, {undoing}, {moment:?}");
            if !tally.is_ours(&name) {
                continue;
            }
            world.forget();
            fail();
            let came = match killed(world, &world.apply(), undoing, moment).await {
                Ok(()) => is_before(world, &go_on(world, undoing, moment, Then::Rollback).await).await,
                Err(why) => Err(why),
            };
            note(tally, &name, format!("{moment:?}, undoing"), Outcome::Before, came);
        }
    }
}

/// Runs the program until it asks this, and kills it there.
async fn killed(world: &World, words: &[&str], asked: &Asked, moment: Moment) -> Result<(), String> {
    let proxy = proxy(&world.pair, asked.system);
    let fault = if moment == Moment::Acted { Fault::Withhold } else { Fault::Hold };
    proxy.fault_nth(asked.key.clone(), Lasts::Once, fault);
    let mut child = world.program.command(words).spawn().expect("the program starts");
    let ended = tokio::select! {
        () = proxy.held() => false,
        _ = child.wait() => true,
    };
    // One that has ended by itself cannot be killed, which is told below.
    child.kill().await.ok();
    world.pair.lift();
    match moment {
        Moment::Late => {}
        Moment::Lost => proxy.discard(),
        Moment::Acted => proxy.release(),
    }
    if moment != Moment::Late {
        world.pair.quiet().await;
    }
    if asked.phase == Phase::Proving {
        world.give_back().await;
    }
    if !ended {
        return Ok(());
    }
    world.fix().await;
    Err("it ended before it asked that".into())
}

async fn go_on(world: &World, asked: &Asked, moment: Moment, then: Then) -> Ran {
    let words = match then {
        Then::Rollback => vec!["rollback", "--yes"],
        Then::Resume => vec!["resume", "--yes"],
        Then::Apply => world.apply(),
    };
    let run = world.program.run(&words);
    if moment == Moment::Late { delivered_late(world, asked, run).await } else { run.await }
}

/// What a process leaves that dies a little earlier.
fn cut(world: &World, how: Journal) {
    if how == Journal::Whole {
        return;
    }
    let path = world.program.journal();
    let text = std::fs::read_to_string(&path).expect("a journal");
    let last = text.trim_end().rfind('\n').map_or(0, |end| end + 1);
    let kept = if how == Journal::Torn { last + (text.len() - last) / 2 } else { last };
    std::fs::write(&path, &text[..kept]).expect("a journal that can be written");
}
