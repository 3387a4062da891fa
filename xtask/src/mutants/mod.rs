//! `cargo xtask mutants`: the program is broken in one place at a time, and the tests that hold that place go red.
//!
//! `tests/mutants.toml` lists the mutants. It works on a copy of the checkout under `target/mutants`, which is kept: only what
//! a mutant changes is compiled again.

mod bench;
mod list;
mod tree;

use std::time::Instant;

use clap::Args;
use miette::{Result, miette};

use self::{
    bench::{Bench, Verdict},
    list::Mutant,
    tree::Tree,
};
use crate::shell::seconds;

#[derive(Args)]
pub(crate) struct Options {
    /// Only the mutants whose names contain this
    name: Option<String>,
}

/// Everything, for `cargo xtask test`.
pub(crate) async fn all() -> Result<()> {
    run(&Options { name: None }).await
}

pub(crate) async fn run(options: &Options) -> Result<()> {
    println!("\n==> mutants");
    let begun = Instant::now();
    let mut mutants = list::read()?;
    mutants.retain(|mutant| options.name.as_ref().is_none_or(|name| mutant.name.contains(name)));
    if mutants.is_empty() {
        return Err(miette!("there is no such mutant"));
    }
    let tree = Tree::copy()?;
    let bench = Bench::new(&tree);
    let mut wrong = unsound(&bench, &mutants).await?;
    for mutant in &mutants {
        wrong += usize::from(!is_noticed(&tree, &bench, mutant).await?);
    }
    println!("==> mutants: {} in {}", mutants.len(), seconds(begun.elapsed()));
    if wrong == 0 { Ok(()) } else { Err(miette!("{wrong} of the lines above are not as they should be")) }
}

/// Without a mutant, all of the tests are green: of how many test binaries is that not so?
async fn unsound(bench: &Bench<'_>, mutants: &[Mutant]) -> Result<usize> {
    let mut wrong = 0;
    for (package, binary, tests) in list::by_binary(mutants) {
        let verdict = bench.test(package, binary, &tests).await?;
        if verdict != Verdict::Green {
            println!("{:50} {verdict} {}", "nothing is broken", tests.join(", "));
            wrong += 1;
        }
    }
    Ok(wrong)
}

/// Whether each of the tests that should notice a mutant does.
async fn is_noticed(tree: &Tree, bench: &Bench<'_>, mutant: &Mutant) -> Result<bool> {
    let begun = Instant::now();
    let Some(_broken) = tree.edit(mutant)? else {
        println!("{:50} STALE: its text is not there exactly once in {}", mutant.name, mutant.file);
        return Ok(false);
    };
    let verdict = bench.test(&mutant.package, mutant.binary.as_deref(), &mutant.red).await?;
    println!("{:50} {verdict} {} ({})", mutant.name, mutant.red.join(", "), seconds(begun.elapsed()));
    Ok(verdict == Verdict::Red)
}
