//! Law 8: what is sent is what was asked for.

use std::collections::BTreeSet;

use trustpath_core::{
    Result,
    contract::{Change, Context, Goal, Right, Stage},
};

use super::{
    Case, World,
    case::{BEGINNINGS, Found},
    moves::{make_in, make_some, plan, reach},
};

/// Something that a run does with a step.
#[derive(Debug)]
enum Act<'a> {
    Plan(Goal),
    /// Each request may be sent again, and asks for that too.
    MakeTwice(&'a Change),
    /// Before others have seen the object, and then.
    VerifyTwice,
    /// From every point of the way, as a run may be cut off at any of them.
    TakeBack(&'a Change),
}

pub(super) async fn asks_for_what_it_sends(case: &dyn Case) -> Found {
    for beginning in BEGINNINGS {
        let world = case.world(beginning).await?;
        let found = there_and_back(&world).await?;
        if let Some(how) = found.or(removed(&world).await?) {
            return Ok(Some(format!("from {beginning:?}, {how}")));
        }
    }
    Ok(None)
}

async fn there_and_back(world: &World) -> Found {
    let change = plan(world, &Goal::Present).await?.change;
    let stages = [
        (Stage::Plan(&Goal::Present, &change), Act::Plan(Goal::Present)),
        (Stage::Change(&change), Act::MakeTwice(&change)),
        (Stage::Verify(change.after.as_ref()), Act::VerifyTwice),
        (Stage::Undo(&change), Act::TakeBack(&change)),
    ];
    in_turn(world, stages).await
}

async fn removed(world: &World) -> Found {
    let made = reach(world, &Goal::Present).await?;
    let gone = Change { before: made.after, after: None };
    let change = plan(world, &Goal::Absent).await?.change;
    let stages = [
        (Stage::Plan(&Goal::Absent, &gone), Act::Plan(Goal::Absent)),
        (Stage::Change(&change), Act::MakeTwice(&change)),
        (Stage::Undo(&change), Act::TakeBack(&change)),
    ];
    in_turn(world, stages).await
}

async fn in_turn<'a>(world: &World, stages: impl IntoIterator<Item = (Stage<'a>, Act<'a>)>) -> Found {
    for (stage, act) in stages {
        let asked = world.node().step.rights(&world.context(), stage)?;
        if let Some(how) = within(world, &asked, &act).await? {
            return Ok(Some(how));
        }
    }
    Ok(None)
}

/// Does something with the rights that were asked for and no other, and uses all of them. What is needed in some worlds
/// alone, the world of the case has.
async fn within(world: &World, asked: &[Right], act: &Act<'_>) -> Found {
    let Some(limited) = world.servers.limited(asked).await? else {
        return Ok(Some("these servers limit nobody: it cannot be checked".to_owned()));
    };
    if let Err(failure) = act.perform(world, &world.context_with(&limited.handles)).await {
        return Ok(Some(format!("{act:?} does what it did not ask for: {:?}", failure.report())));
    }
    let used = (limited.used)();
    let asked: BTreeSet<_> = asked.iter().map(|right| right.what.clone()).collect();
    let only = |some: &BTreeSet<String>, others| some.difference(others).cloned().collect::<Vec<_>>().join(", ");
    Ok(match (only(&used, &asked), only(&asked, &used)) {
        (unasked, _) if !unasked.is_empty() => Some(format!("{act:?} does what it did not ask for: {unasked}")),
        (_, unused) if !unused.is_empty() => Some(format!("{act:?} asks for what it does not do: {unused}")),
        _ => None,
    })
}

impl Act<'_> {
    async fn perform(&self, world: &World, cx: &Context) -> Result<()> {
        let step = &world.node().step;
        match self {
            Self::Plan(goal) => step.plan(cx, goal).await.map(drop),
            Self::MakeTwice(change) => {
                make_in(world, cx, change).await?;
                make_in(world, cx, change).await
            }
            Self::VerifyTwice => {
                step.verify(cx).await?;
                world.servers.others_react().await?;
                step.verify(cx).await.map(drop)
            }
            Self::TakeBack(change) => take_back(world, cx, change).await,
        }
    }
}

/// All of the change is made by whoever has all rights, then one request less of it each time, and none in the end.
async fn take_back(world: &World, cx: &Context, change: &Change) -> Result<()> {
    let step = &world.node().step;
    for made in (0..=step.parts(cx, change)?.len()).rev() {
        make_some(world, &world.context(), change, made).await?;
        let undo = step.plan(cx, &Goal::Undo(change.clone().into())).await?.change;
        make_in(world, cx, &undo).await?;
        make_in(world, cx, &undo).await?;
    }
    Ok(())
}
