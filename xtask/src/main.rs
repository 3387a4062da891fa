//! The commands of the README but the demo, which needs nothing of the test harness: `cargo xtask test`, `sweep`, `mutants`,
//! `servers`, `bench`. `cargo xtask` itself is `xtask/start`.

mod bench;
mod cases;
mod mutants;
mod provision;
mod raw;
mod servers;
mod shell;
mod shipped;
mod sweep;
mod test;

use clap::{Parser, Subcommand};

/// It is not built with the others.
const DEMO: &str = "And `cargo xtask demo`: the whole of it on servers of its own, plan, apply, verify, plan again, destroy. Needs no Go";

#[derive(Parser)]
#[command(name = "cargo xtask", about = "What a checkout of this project can do", after_help = DEMO)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check everything: format, lints, docs, unit tests, conformance, snapshots, end to end on three pairs of
    /// servers, panics and kills with the program as it is shipped, mutants
    Test(test::Options),
    /// Run the sweeps on any pair of servers: every fault at every request, and SIGKILL at each
    Sweep(sweep::Options),
    /// Break the program in one place at a time, and see the tests that hold it go red
    Mutants(mutants::Options),
    /// Run servers in the foreground and print the `export` lines that a shell needs
    Servers(servers::Options),
    /// Measure the release binary against raw requests
    Bench(bench::Options),
}

fn main() -> miette::Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Runtime::new().map_err(|error| miette::miette!("no runtime: {error}"))?;
    match arguments.command {
        Command::Sweep(options) => sweep::run(&options),
        Command::Test(options) => {
            test::run(&options)?;
            if options.quick { Ok(()) } else { runtime.block_on(mutants::all()) }
        }
        Command::Mutants(options) => runtime.block_on(mutants::run(&options)),
        Command::Servers(options) => runtime.block_on(servers::run(&options)),
        Command::Bench(options) => runtime.block_on(bench::run(&options)),
    }
}
