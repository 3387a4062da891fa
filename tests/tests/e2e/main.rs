//! End to end: the same cases on three pairs of servers.
//!
//! `TRUSTPATH_TEST_PAIRS` names the pairs to run on, separated by commas; without it all of them.

mod addresses;
mod app_role;
mod bad_days;
mod bad_files;
mod bad_servers;
mod canaries;
mod cases;
mod circle;
mod clusters;
mod conformance;
mod connections_kubernetes;
mod cut_off;
mod ends;
mod from_store;
mod garbled;
mod kept;
mod locks;
mod logins;
mod mirror;
mod namespaces;
mod on_a_terminal;
mod orphans;
mod other_values;
mod own_step;
mod panics;
mod partial;
mod policies;
mod racer;
mod races;
mod requests;
mod reviewer;
mod rights;
mod rollback;
mod screens;
mod size;
mod stores;
mod system;
mod teams;
mod tokens;
mod vault_connection;

use std::{process::ExitCode, time::Duration};

use libtest_mimic::{Arguments, Completion, Trial};
use trustpath_tests::fleet::{Fleet, chosen};

/// How many pairs of each sort are at work at the same time: a case waits more than it works.
const OF_EACH: usize = 2;

/// Several times what the longest case takes where much else is at work.
const LIMIT: Duration = Duration::from_secs(15 * 60);

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // One case on each pair, and for each sort one that is next.
    arguments.test_threads.get_or_insert((OF_EACH + 1) * chosen().len());
    trustpath_platform::install_crypto_provider();
    let fleet = Fleet::new(OF_EACH, LIMIT);
    let conclusion = libtest_mimic::run(&arguments, trials(&fleet));
    // Before the process ends: servers are stopped, and their directories removed, by their values.
    fleet.stop();
    println!(
        "operator's own CRDs: {}",
        if trustpath_tests::crd::Crd::operators().is_empty() { "not there" } else { "run" }
    );
    conclusion.exit_code()
}

fn trials(fleet: &Fleet) -> Vec<Trial> {
    let pairs = chosen();
    let mut trials = Vec::new();
    // Pair by pair within each case, so that all pairs are at work at the same time.
    let everywhere = cases::ALL.iter().map(|case| (case, false));
    let cases = everywhere.chain(cases::REAL_KUBERNETES.iter().map(|case| (case, true)));
    for ((name, case), only_real) in cases {
        for &which in pairs.iter().filter(|which| which.real_kubernetes || !only_real) {
            let fleet = fleet.clone();
            let run = move || {
                if let Some(why) = cases::ignored(name, which) {
                    return Ok(Completion::ignored_with(why));
                }
                fleet.run(which, *case);
                Ok(Completion::Completed)
            };
            trials.push(Trial::ignorable_test(format!("{}::{name}", which.name()), run));
        }
    }
    trials
}
