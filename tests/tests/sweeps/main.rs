//! Sweeps: every fault at every request, on the same pairs of servers as the end-to-end cases.
//!
//! `TRUSTPATH_TEST_PAIRS` names the pairs to run on; with `TRUSTPATH_SWEEP=full` no cell is left out.

mod faults;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use trustpath_tests::{
    cases,
    fleet::{Case, Fleet, chosen},
    sweep::{Tally, World},
};

const ALL: &[(&str, Case)] = cases![faults::from_empty, faults::from_other_values];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let fleet = Fleet::new();
    let trial = |which: trustpath_tests::pair::Which, (name, case): &(&str, Case)| {
        let (fleet, case) = (fleet.clone(), *case);
        let run = move || {
            fleet.run(which, case);
            Ok(())
        };
        Trial::test(format!("{}::{name}", which.name()), run)
    };
    let trials = chosen().into_iter().flat_map(|which| ALL.iter().map(move |case| (which, case)));
    let conclusion = libtest_mimic::run(&arguments, trials.map(|(which, case)| trial(which, case)).collect());
    // Before the process ends: servers are stopped, and their directories removed, by their values.
    fleet.stop();
    conclusion.exit_code()
}

/// Whether every cell is to be run, and not only those that every change has to pass.
pub(crate) fn is_full() -> bool {
    std::env::var_os("TRUSTPATH_SWEEP").is_some_and(|form| form == "full")
}

/// Prints what came of a sweep, and holds its counts against those that were written down: one that shrinks is red.
pub(crate) fn pinned(world: &World, name: &str, tally: &Tally) {
    let form = if is_full() { "full" } else { "standard" };
    let name = format!("{name}_{:?}_{form}@{}", world.beginning, world.pair.which.name()).to_lowercase();
    println!("{name}\n{}", tally.table());
    let wrong = tally.disagreements();
    assert!(wrong.is_empty(), "{} cells came out otherwise than they must:\n\n{}", wrong.len(), wrong.join("\n"));
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("counts");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, tally.table()));
}
