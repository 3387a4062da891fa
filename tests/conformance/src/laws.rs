//! The laws, and what it takes to see each of them broken.

use std::fmt;

use serde_json::Value;

use trustpath_core::{
    Failure, Result,
    contract::{Change, Facts, Goal},
};

use super::{
    Beginning, Case, World,
    case::{BEGINNINGS, Found},
    cut::cut_after,
    moves::{make, plan, reach},
    rights::asks_for_what_it_sends,
};

/// A law of the [`Step`](trustpath_core::Step) contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    /// `plan` writes nothing; `verify` writes nothing but what a login leaves.
    ReadsOnly,
    /// Every verb may be run twice, and again after being cut off at any await.
    Repeatable,
    /// After apply, a plan has nothing to do.
    Settles,
    /// After undo, everything is as it was before, values included.
    ComesBack,
    /// Not found while removing is success.
    GoneIsGone,
    /// Plans and facts hold no secret.
    NoSecrets,
    /// Facts are handed on without I/O: the same ones each time, and no connection is opened for them.
    PureFacts,
    /// What is sent is what was asked for: nothing less, nothing more.
    AsksForWhatItSends,
}

impl Law {
    /// Every law.
    pub const ALL: [Self; 8] = [
        Self::ReadsOnly,
        Self::Repeatable,
        Self::Settles,
        Self::ComesBack,
        Self::GoneIsGone,
        Self::NoSecrets,
        Self::PureFacts,
        Self::AsksForWhatItSends,
    ];
}

/// How a law was broken, or why it could not be checked.
#[derive(Debug)]
pub enum Broken {
    /// The step breaks it.
    Law(Law, String),
    /// The step, or a server, failed where nothing should fail.
    Failed(Law, Failure),
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Law(law, how) => write!(f, "{law:?} is broken: {how}"),
            Self::Failed(law, failure) => {
                write!(f, "{law:?} could not be checked: {:?}", failure.report())
            }
        }
    }
}

impl std::error::Error for Broken {}

/// Checks one law on a kind.
///
/// # Errors
/// How it is broken.
pub async fn check(case: &dyn Case, law: Law) -> Result<(), Broken> {
    let found = match law {
        Law::ReadsOnly => reads_only(case).await,
        Law::Repeatable => repeatable(case).await,
        Law::Settles => settles(case).await,
        Law::ComesBack => comes_back(case).await,
        Law::GoneIsGone => gone_is_gone(case).await,
        Law::NoSecrets => no_secrets(case).await,
        Law::PureFacts => pure_facts(case).await,
        Law::AsksForWhatItSends => asks_for_what_it_sends(case).await,
    };
    match found {
        Ok(None) => Ok(()),
        Ok(Some(how)) => Err(Broken::Law(law, how)),
        Err(failure) => Err(Broken::Failed(law, failure)),
    }
}

async fn reads_only(case: &dyn Case) -> Found {
    for beginning in BEGINNINGS {
        let world = case.world(beginning).await?;
        let before = world.servers.snapshot().await?;
        plan(&world, &Goal::Present).await?;
        plan(&world, &Goal::Absent).await?;
        if let Some(how) = differs(&world, &before, "plan changed").await? {
            return Ok(Some(how));
        }
        let change = reach(&world, &Goal::Present).await?;
        let made = world.servers.snapshot().await?;
        plan(&world, &Goal::Undo(change.into())).await?;
        world.node().step.verify(&world.context()).await?;
        if let Some(how) = differs(&world, &made, "verify, or the plan of an undo, changed").await? {
            return Ok(Some(how));
        }
    }
    Ok(None)
}

async fn repeatable(case: &dyn Case) -> Found {
    for beginning in BEGINNINGS {
        let world = case.world(beginning).await?;
        if let Some(how) = twice(&world).await? {
            return Ok(Some(how));
        }
        let mut polls = 1;
        loop {
            match cut_off(&world, polls).await? {
                CutOff::Mended => polls += 1,
                CutOff::NotMended(how) => return Ok(Some(how)),
                CutOff::CameToItsEnd => break,
            }
        }
    }
    Ok(None)
}

async fn twice(world: &World) -> Found {
    let change = reach(world, &Goal::Present).await?;
    let once = world.servers.snapshot().await?;
    make(world, &change).await?;
    if let Some(how) = differs(world, &once, "applying twice is not applying once:").await? {
        return Ok(Some(how));
    }
    let undone = reach(world, &Goal::Undo(change.into())).await?;
    let back = world.servers.snapshot().await?;
    make(world, &undone).await?;
    differs(world, &back, "undoing twice is not undoing once:").await
}

enum CutOff {
    Mended,
    NotMended(String),
    CameToItsEnd,
}

/// Cuts `apply` off after so many polls and takes it back; cuts it off again, runs it to its end, and takes it back.
async fn cut_off(world: &World, polls: usize) -> Result<CutOff> {
    let before = world.servers.snapshot().await?;
    let change = plan(world, &Goal::Present).await?.change;
    for run_again in [false, true] {
        let ended = cut_after(polls, make(world, &change)).await.transpose()?.is_some();
        world.servers.quiet().await?;
        if run_again {
            reach(world, &Goal::Present).await?;
            if !plan(world, &Goal::Present).await?.is_nothing() {
                return Ok(CutOff::NotMended(format!("cut off at poll {polls} and run again, it does not settle")));
            }
        }
        reach(world, &Goal::Undo(change.clone().into())).await?;
        let what = format!("cut off at poll {polls} and taken back, it left");
        if let Some(how) = differs(world, &before, &what).await? {
            return Ok(CutOff::NotMended(how));
        }
        if ended {
            return Ok(CutOff::CameToItsEnd);
        }
    }
    Ok(CutOff::Mended)
}

async fn settles(case: &dyn Case) -> Found {
    for beginning in BEGINNINGS {
        let world = case.world(beginning).await?;
        reach(&world, &Goal::Present).await?;
        let again = plan(&world, &Goal::Present).await?;
        if !again.is_nothing() {
            return Ok(Some(format!("from {beginning:?}, a second plan has {:?}", again.change.leaves())));
        }
    }
    Ok(None)
}

async fn comes_back(case: &dyn Case) -> Found {
    for beginning in BEGINNINGS {
        let world = case.world(beginning).await?;
        let before = world.servers.snapshot().await?;
        let change = reach(&world, &Goal::Present).await?;
        if world.servers.snapshot().await? == before {
            return Ok(Some(format!("from {beginning:?}, apply changed nothing that can be seen")));
        }
        reach(&world, &Goal::Undo(change.into())).await?;
        if let Some(how) = differs(&world, &before, "apply and undo left").await? {
            return Ok(Some(how));
        }
    }
    Ok(None)
}

async fn gone_is_gone(case: &dyn Case) -> Found {
    let world = case.world(Beginning::Empty).await?;
    let made = reach(&world, &Goal::Present).await?;
    let removal = reach(&world, &Goal::Undo(made.into())).await?;
    match make(&world, &removal).await {
        Ok(()) => Ok(None),
        Err(failure) => Ok(Some(format!("removing what is gone fails: {failure}"))),
    }
}

async fn no_secrets(case: &dyn Case) -> Found {
    for beginning in BEGINNINGS {
        let world = case.world(beginning).await?;
        let present = plan(&world, &Goal::Present).await?;
        make(&world, &present.change).await?;
        let absent = plan(&world, &Goal::Absent).await?;
        let evidence = world.node().step.verify(&world.context()).await?;
        let said = format!("{present:?} {absent:?} {evidence:?} {:?} {}", world.node().given, world.node().with);
        if case.secrets().iter().any(|secret| said.contains(secret.as_str())) {
            return Ok(Some(format!("from {beginning:?}, a secret is in a plan, a fact or the evidence")));
        }
    }
    Ok(None)
}

async fn pure_facts(case: &dyn Case) -> Found {
    let world = case.world(Beginning::Empty).await?;
    let node = world.node();
    let mut again = Facts::default();
    node.step.give(&node.name, &node.facts, &mut again)?;
    let (first, again) = (format!("{:?}", node.given), format!("{again:?}"));
    Ok((first != again).then(|| format!("it handed on {first}, and then {again}")))
}

async fn differs(world: &World, expected: &Value, what: &str) -> Found {
    let found = world.servers.snapshot().await?;
    let change = Change { before: Some(expected.clone()), after: Some(found) };
    Ok((!change.leaves().is_empty()).then(|| format!("{what} {:?}", change.leaves())))
}
