//! Sweeps: every fault at every request.
//!
//! The standard form runs on the sandbox and OpenBao, as part of `cargo xtask test`. `cargo xtask sweep` runs it on the
//! pairs that `TRUSTPATH_TEST_PAIRS` names (`TRUSTPATH_SWEEP=standard`), or leaves no cell out (`full`); several processes
//! may share the cells (`TRUSTPATH_SWEEP_PART`). With `none` nothing is swept.

mod cell;
mod edits;
mod faults;
mod kills;
mod pairs;

use std::{process::ExitCode, time::Duration};

use libtest_mimic::{Arguments, Trial};
use trustpath_tests::{
    cases,
    chain::Chain,
    fleet::{Case, Fleet, chosen},
    pair::Which,
    sweep::{Part, Tally, World},
};

/// A sweep waits more than it works: for stalls to be given up, and for what may come late.
const AT_ONCE: usize = 6;

/// Several times what the longest sweep takes in its standard form; the full ones take hours.
const LIMIT: Duration = Duration::from_secs(30 * 60);

const WITH_HASHICORP_VAULT: &[(&str, Case)] = cases![
    faults::from_other_values,
    kills::of_an_app_role_from_empty,
    kills::of_an_app_role_from_other_values,
    kills::of_a_jwt_chain_from_empty,
    kills::of_a_jwt_chain_from_other_values,
];
const ALL: &[(&str, Case)] = cases![
    faults::from_empty,
    faults::from_other_values,
    pairs::from_empty,
    pairs::from_other_values,
    kills::from_empty,
    kills::from_other_values,
    kills::of_an_app_role_from_empty,
    kills::of_an_app_role_from_other_values,
    kills::of_a_jwt_chain_from_empty,
    kills::of_a_jwt_chain_from_other_values,
    edits::from_empty,
    edits::from_other_values,
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let fleet = Fleet::new(AT_ONCE, if is_full() { Duration::MAX } else { LIMIT });
    let conclusion = libtest_mimic::run(&arguments, trials(&fleet));
    // Before the process ends: servers are stopped, and their directories removed, by their values.
    fleet.stop();
    conclusion.exit_code()
}

fn trials(fleet: &Fleet) -> Vec<Trial> {
    if is_form("none") {
        return Vec::new();
    }
    let on_all = is_full() || is_form("standard");
    let pairs = chosen().into_iter().filter(|which| on_all || *which == Which::SANDBOX);
    let all = pairs.flat_map(|which| of(which).iter().map(move |case| (which, *case)));
    let trial = |(which, (name, case)): (Which, (&str, Case))| {
        let fleet = fleet.clone();
        let run = move || {
            fleet.run(which, case);
            Ok(())
        };
        Trial::test(format!("{}::{name}", which.name()), run)
    };
    all.map(trial).collect()
}

/// HashiCorp Vault differs from OpenBao in what it answers, and not in what a run does with it: there, one sweep of the standard
/// graph. Kinds of one's own know of each what it answers, and are swept on both.
fn of(which: Which) -> &'static [(&'static str, Case)] {
    if which.hashicorp_vault { WITH_HASHICORP_VAULT } else { ALL }
}

/// Whether every cell is to be run, and not only those that every change has to pass.
pub(crate) fn is_full() -> bool {
    is_form("full")
}

/// No cell of the part that `TRUSTPATH_SWEEP_PART` names, such as `2/3`; without it, of all of them.
pub(crate) fn none_yet() -> Tally {
    let Ok(name) = std::env::var("TRUSTPATH_SWEEP_PART") else { return Tally::of(Part::WHOLE) };
    Tally::of(Part::named(&name).unwrap_or_else(|| panic!("there is no part `{name}`")))
}

fn is_form(form: &str) -> bool {
    std::env::var_os("TRUSTPATH_SWEEP").is_some_and(|chosen| chosen == form)
}

/// Prints what came of a sweep, and holds its counts against those that were written down: one that shrinks is red. The
/// full form is for reading, and changes with every request; so is a part of it.
pub(crate) fn pinned(world: &World, name: &str, tally: &Tally) {
    let chain = if world.chain == Chain::Standard { String::new() } else { format!("_{:?}", world.chain) };
    let name = format!("{name}{chain}_{:?}@{}", world.beginning, world.pair.which.name()).to_lowercase();
    println!("{name}\n{}", tally.table());
    let wrong = tally.disagreements();
    assert!(wrong.is_empty(), "{} cells came out otherwise than they must:\n\n{}", wrong.len(), wrong.join("\n"));
    if is_full() || !tally.is_whole() {
        return;
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("counts");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, tally.table()));
}
