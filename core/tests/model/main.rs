//! A model of whole runs: random graphs, random sequences of commands, and everything that can go wrong in them.
//!
//! [`act`] says what happens and what goes wrong meanwhile; [`server`], [`process`] and [`disk`] make it go wrong;
//! [`world`] carries it out with the real engine; [`history`] and [`verdict`] say what must have come out, from what
//! was seen at the server alone, for every object: as before, as made, or stuck, and why.

mod act;
mod disk;
mod history;
mod item;
mod process;
mod server;
mod shape;
mod tally;
mod verdict;
mod world;

use std::{collections::BTreeMap, time::Duration};

use proptest::{
    prelude::*,
    test_runner::{Config, TestError, TestRunner},
};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};
use trustpath_core::journal::Verb;

use crate::{act::Act, shape::Shape, world::World};

/// What decides which commands make sense next.
#[derive(Debug, Clone)]
struct Reference {
    shape: Shape,
    /// A run may have been left open: the next command will rather continue it.
    open: bool,
    /// What the graph says may be there.
    made: bool,
}

impl ReferenceStateMachine for Reference {
    type State = Self;
    type Transition = Act;

    fn init_state() -> BoxedStrategy<Self> {
        shape::shapes().prop_map(|shape| Self { shape, open: false, made: false }).boxed()
    }

    fn transitions(state: &Self) -> BoxedStrategy<Act> {
        let steps = state.shape.wanted.len();
        if state.open { act::going_on(steps).boxed() } else { act::beginning(steps, state.made).boxed() }
    }

    fn apply(state: Self, act: &Act) -> Self {
        let open = act.may_leave_open() || (state.open && !act.goes_on());
        Self { open, made: act.makes().unwrap_or(state.made), ..state }
    }
}

struct Runs;

impl StateMachineTest for Runs {
    type SystemUnderTest = World;
    type Reference = Reference;

    fn init_test(reference: &Reference) -> World {
        World::new(reference.shape.clone())
    }

    fn apply(mut world: World, _: &Reference, act: Act) -> World {
        world.act(act);
        world
    }

    fn teardown(mut world: World, _: Reference) {
        world.come_to_an_end();
    }
}

#[test]
fn whatever_happens_each_object_is_as_before_as_made_or_stuck_for_a_reason() {
    let config = Config::default();
    let config = Config { cases: 4 * config.cases, failure_persistence: None, max_shrink_iters: 4096, ..config };
    let runs = Reference::sequential_strategy(1..8);
    let ran = TestRunner::new(config.clone()).run(&runs, |(begin, acts, seen)| {
        Runs::test_sequential(config.clone(), begin, acts, seen);
        Ok(())
    });
    match ran {
        Ok(()) => tally::check(config.cases),
        Err(TestError::Fail(why, (begin, acts, _))) => panic!("{why}\n{:#?}\n{acts:#?}", begin.shape),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}

/// The answer came, may come again, and could not be written down: nothing else may be taken for it.
#[test]
fn an_answer_that_is_not_on_disk_is_waited_for() {
    let shape = shape::Shape { wanted: vec![BTreeMap::new()], needs: vec![Vec::new()], items: BTreeMap::new() };
    let mut world = World::new(shape);
    let forward = BTreeMap::from([(("s0".to_owned(), 0), act::Fault::Repeated(Duration::from_secs(1)))]);
    let trouble = act::Trouble { parallelism: 1, forward, disk_full: Some((2, 2)), ..act::Trouble::default() };
    world.act(Act::Begin(Verb::Apply, None, trouble));
    world.come_to_an_end();
}
