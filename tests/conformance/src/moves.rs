//! What a run does with one step, without an engine around it.

use trustpath_core::{
    Result,
    contract::{Change, Context, Goal, Plan},
};

use super::World;

/// Plans for a goal.
pub(super) async fn plan(world: &World, goal: &Goal) -> Result<Plan> {
    world.node().step.plan(&world.context(), goal).await
}

/// Makes a change, request by request.
pub(super) async fn make(world: &World, change: &Change) -> Result<()> {
    make_in(world, &world.context(), change).await
}

/// The same in another context.
pub(super) async fn make_in(world: &World, cx: &Context, change: &Change) -> Result<()> {
    make_some(world, cx, change, usize::MAX).await
}

/// The same, and no more than so many requests of it.
pub(super) async fn make_some(world: &World, cx: &Context, change: &Change, requests: usize) -> Result<()> {
    let step = &world.node().step;
    for part in step.parts(cx, change)?.iter().take(requests) {
        step.apply(cx, part).await?;
    }
    Ok(())
}

/// Plans for a goal, makes the change, and returns it.
pub(super) async fn reach(world: &World, goal: &Goal) -> Result<Change> {
    let change = plan(world, goal).await?.change;
    make(world, &change).await?;
    Ok(change)
}
