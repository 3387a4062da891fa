//! Another client's edits while a run is under way, and after it: what they touched is refused, named, and left.

mod list;

use std::sync::Arc;

use serde_json::Value;
use trustpath_tests::{
    chain::Chain,
    pair::Pair,
    program::Ran,
    proxy::{Fault, Lasts},
    sweep::{Asked, Beginning, Outcome, World, way::proxy},
    view,
};

use self::list::{EDITS, Edit, Fate};
use crate::{
    cell::{begins, clean_run, note, said},
    none_yet, pinned,
};

pub(crate) async fn from_empty(pair: Arc<Pair>) {
    sweep(pair, Beginning::Empty).await;
}

pub(crate) async fn from_other_values(pair: Arc<Pair>) {
    sweep(pair, Beginning::Other).await;
}

/// When somebody edits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// While the write of that very object is on its way.
    BeforeWrite,
    /// After the last write and before the undo, within one run.
    BeforeUndo,
    /// After the run, before `rollback`.
    AfterRun,
}

async fn sweep(pair: Arc<Pair>, beginning: Beginning) {
    let mut world = World::new(pair, Chain::Standard, beginning).await;
    let requests = clean_run(&mut world).await;
    let mut tally = none_yet();
    for edit in EDITS.iter().filter(|edit| edit.fate(&world).is_some()) {
        for when in [When::BeforeWrite, When::BeforeUndo, When::AfterRun]
            .into_iter()
            .filter(|when| fits(edit, *when, beginning))
        {
            let name = format!("{}, {when:?}", edit.what);
            if !tally.is_ours(&name) {
                continue;
            }
            let must = edit.fate(&world).expect("it was filtered");
            let came = cell(&world, &requests, edit, when, must).await;
            note(&mut tally, &name, format!("{must:?}, {when:?}"), must.outcome(), came);
            world.fix().await;
            world.assert_before(edit.what).await;
        }
    }
    pinned(&world, "edits", &tally);
    world.leave().await;
}

/// Vault takes the later of two writes, whoever sends it: what comes between the last look and the write is overwritten, one
/// request's width, and nothing is promised there. So does a cluster where conflicts are forced, as somebody's values are
/// taken over here.
fn fits(edit: &Edit, when: When, beginning: Beginning) -> bool {
    when != When::BeforeWrite || (beginning == Beginning::Empty && edit.written_by.is_some())
}

async fn cell(world: &World, requests: &[Asked], edit: &Edit, when: When, must: Fate) -> Result<(), String> {
    world.forget();
    let (edited, ran) = match when {
        When::AfterRun => {
            world.program.ok(&world.apply()).await;
            (made(world, edit).await, world.program.run(&["rollback", "--yes"]).await)
        }
        When::BeforeUndo => interrupted(world, requests, edit).await,
        When::BeforeWrite => raced(world, requests, edit).await,
    };
    judge(edit, &ran, must, when, edited == edit.looked_at(&world.seen().await))?;
    begins(world, must.outcome().is_unfinished()).await
}

/// Makes the edit, and returns what it looks like.
async fn made(world: &World, edit: &Edit) -> Value {
    (edit.make)(&world.pair).await;
    let seen = edit.looked_at(&view::snapshot(&world.pair).await);
    assert!(!seen.is_null(), "{} is nowhere to be seen", edit.what);
    seen
}

/// Holds what a run came to against what must become of the edit, which still stands or does not.
fn judge(edit: &Edit, ran: &Ran, must: Fate, when: When, stands: bool) -> Result<(), String> {
    let code = match (must.outcome(), when) {
        (Outcome::Stuck, _) => 12,
        (_, When::AfterRun | When::BeforeWrite) => 0,
        (_, When::BeforeUndo) => 130,
    };
    let named = !matches!(must, Fate::Refused | Fate::Kept) || edit.named.iter().all(|name| ran.stderr.contains(name));
    if ran.code == code && named && stands == must.stands() {
        return Ok(());
    }
    let named = if named { "named" } else { "not named" };
    let stands = if stands { "it stands" } else { "it is gone" };
    Err(format!("must be {must:?}, and {stands}, {named} (exit code {})\n{}", ran.code, said(ran)))
}

/// The edit comes when everything is made and nothing is proven yet; then the run is interrupted, and turns back.
async fn interrupted(world: &World, requests: &[Asked], edit: &Edit) -> (Value, Ran) {
    let login = requests.iter().find(|asked| asked.what().ends_with("/login")).expect("a proof logs in");
    let proxy = proxy(&world.pair, login.system);
    proxy.fault_nth(login.key.clone(), Lasts::Once, Fault::Hold);
    let child = world.program.command(&world.apply()).spawn().expect("the program starts");
    proxy.held().await;
    let edited = made(world, edit).await;
    let pid = child.id().expect("it runs").to_string();
    let sent = tokio::process::Command::new("kill").args(["-TERM", &pid]).status().await.expect("kill runs");
    assert!(sent.success());
    proxy.release();
    let output = child.wait_with_output().await.expect("it ends");
    world.pair.lift();
    (edited, output.into())
}

/// The edit comes while the write is on its way; a run that goes well all the same is taken back.
async fn raced(world: &World, requests: &[Asked], edit: &Edit) -> (Value, Ran) {
    let written_by = edit.written_by.expect("it was filtered");
    let write = requests.iter().find(|asked| asked.makes && asked.what() == written_by).expect("it is written");
    let proxy = proxy(&world.pair, write.system);
    proxy.fault_nth(write.key.clone(), Lasts::Once, Fault::Hold);
    let child = world.program.command(&world.apply()).spawn().expect("the program starts");
    proxy.held().await;
    let edited = made(world, edit).await;
    proxy.release();
    let ran: Ran = child.wait_with_output().await.expect("it ends").into();
    world.pair.lift();
    match ran.code {
        // Both own the fields now: what it looks like then is what has to stand.
        0 => {
            let both = edit.looked_at(&world.seen().await);
            (both, world.program.run(&["rollback", "--yes"]).await)
        }
        _ => (edited, ran),
    }
}
