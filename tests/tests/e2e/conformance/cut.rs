//! Every verb of every kind, cut off at every request: the request goes on, and no one waits for it any more.

use std::sync::Arc;

use futures::future::BoxFuture;
use trustpath_conformance::{Beginning, Case, World};
use trustpath_core::{Change, Goal, Result};
use trustpath_tests::{
    pair::Pair,
    proxy::{Fault, Key, Lasts, Proxy, keys},
};

use super::world::KindCase;

/// What is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Plan,
    Apply,
    Verify,
    Undo,
}

impl Verb {
    const ALL: [Self; 4] = [Self::Plan, Self::Apply, Self::Verify, Self::Undo];
}

/// Cuts each verb off at each of its requests; says where that did any harm.
pub(super) async fn every_request(case: &KindCase) -> Vec<String> {
    let mut broken = Vec::new();
    for beginning in [Beginning::Empty, Beginning::Other] {
        for verb in Verb::ALL {
            let world = Arc::new(case.world(beginning).await.expect("a world"));
            let requests = requests_of(case, &world, verb).await;
            for (proxy, key) in requests {
                let cut = cut_at(case, beginning, verb, proxy, &key).await;
                if let Err(why) = cut {
                    broken.push(format!("{}, {beginning:?}, {verb:?} cut off at {key}: {why}", case.step));
                }
            }
        }
    }
    broken
}

/// Which proxy.
#[derive(Debug, Clone, Copy)]
enum At {
    Vault,
    Kubernetes,
}

impl At {
    fn proxy(self, pair: &Pair) -> &Proxy {
        match self {
            Self::Vault => &pair.vault_proxy,
            Self::Kubernetes => &pair.kubernetes_proxy,
        }
    }
}

/// What the verb asks when it is left alone.
async fn requests_of(case: &KindCase, world: &Arc<World>, verb: Verb) -> Vec<(At, Key)> {
    let changed = before(world, verb).await.expect("what comes before it");
    case.pair.forget();
    run(world.clone(), verb, changed).await.expect("a verb that is left alone");
    let of = |at: At| keys(&at.proxy(&case.pair).seen()).into_iter().map(move |key| (at, key)).collect::<Vec<_>>();
    [of(At::Vault), of(At::Kubernetes)].concat()
}

/// The verb is dropped while its request is held; the request goes on; the verb is run again, and everything taken back.
async fn cut_at(case: &KindCase, beginning: Beginning, verb: Verb, at: At, key: &Key) -> Result<(), String> {
    let told = |failure: trustpath_core::Failure| format!("{:?}", failure.report());
    let world = Arc::new(case.world(beginning).await.map_err(told)?);
    let servers = &world.servers;
    let before_all = servers.snapshot().await.map_err(told)?;
    let changed = before(&world, verb).await.map_err(told)?;
    let made = servers.snapshot().await.map_err(told)?;
    let proxy = at.proxy(&case.pair);
    case.pair.forget();
    proxy.fault_nth(key.clone(), Lasts::Once, Fault::Hold);
    let mut work = run(world.clone(), verb, changed.clone());
    let ended = tokio::select! {
        () = proxy.held() => None,
        ended = &mut work => Some(ended),
    };
    drop(work);
    case.pair.lift();
    proxy.release();
    servers.quiet().await.map_err(told)?;
    if let Some(ended) = ended {
        return Err(format!("it came to its end before: {ended:?}"));
    }
    if matches!(verb, Verb::Plan | Verb::Verify) && servers.snapshot().await.map_err(told)? != made {
        return Err("what only reads has changed something".into());
    }
    run(world.clone(), verb, changed.clone()).await.map_err(told)?;
    let change = match (verb, changed) {
        (_, Some(change)) => change,
        (_, None) => planned(&world, &Goal::Present).await.map_err(told)?,
    };
    make(&world, &planned(&world, &Goal::Undo(change.into())).await.map_err(told)?).await.map_err(told)?;
    match trustpath_tests::view::difference(&before_all, &servers.snapshot().await.map_err(told)?) {
        None => Ok(()),
        Some(left) => Err(format!("run again and taken back, it leaves {left}")),
    }
}

/// What has to be there before the verb: for a proof and an undo, what `apply` makes. The change, where there is one.
async fn before(world: &World, verb: Verb) -> Result<Option<Change>> {
    let change = planned(world, &Goal::Present).await?;
    match verb {
        Verb::Plan => Ok(None),
        Verb::Apply => Ok(Some(change)),
        Verb::Verify | Verb::Undo => {
            make(world, &change).await?;
            Ok(Some(change))
        }
    }
}

fn run(world: Arc<World>, verb: Verb, change: Option<Change>) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        match (verb, change) {
            (Verb::Verify, _) => world.node().step.verify(&world.context()).await.map(drop),
            (Verb::Apply, Some(change)) => make(&world, &change).await,
            (Verb::Undo, Some(change)) => make(&world, &planned(&world, &Goal::Undo(change.into())).await?).await,
            (Verb::Plan | Verb::Apply | Verb::Undo, _) => planned(&world, &Goal::Present).await.map(drop),
        }
    })
}

async fn planned(world: &World, goal: &Goal) -> Result<Change> {
    Ok(world.node().step.plan(&world.context(), goal).await?.change)
}

async fn make(world: &World, change: &Change) -> Result<()> {
    let (step, context) = (&world.node().step, world.context());
    for part in step.parts(&context, change)? {
        step.apply(&context, &part).await?;
    }
    Ok(())
}
