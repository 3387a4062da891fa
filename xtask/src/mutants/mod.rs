//! `cargo xtask mutants`: the program is broken in one place at a time, and the tests that hold that place go red.
//!
//! `tests/mutants.toml` lists the mutants. It works on a copy of the checkout with a target directory of its own, under
//! `target/mutants`, which is kept: only what a mutant changes is compiled again.

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
    let mut wrong = sound(&bench, &mutants).await?;
    for mutant in &mutants {
        wrong.extend(one(&tree, &bench, mutant).await?.map(|why| format!("{}: {why}", mutant.name)));
    }
    println!("==> mutants: {} in {}", mutants.len(), seconds(begun.elapsed()));
    if wrong.is_empty() { Ok(()) } else { Err(miette!("{}", wrong.join("\n"))) }
}

/// Without a mutant, all of the tests are green.
async fn sound(bench: &Bench<'_>, mutants: &[Mutant]) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    for (package, binary, tests) in list::by_binary(mutants) {
        if bench.test(package, binary, &tests).await? != Verdict::Green {
            wrong.push(format!("the tests are not green as it is: {}", tests.join(", ")));
        }
    }
    Ok(wrong)
}

/// What is wrong with one mutant, if anything.
async fn one(tree: &Tree, bench: &Bench<'_>, mutant: &Mutant) -> Result<Option<String>> {
    let begun = Instant::now();
    let Some(_broken) = tree.edit(mutant)? else {
        return Ok(Some(format!("its text is not there exactly once in {}: bring the list up to date", mutant.file)));
    };
    let verdict = bench.test(&mutant.package, mutant.binary.as_deref(), &mutant.red).await?;
    println!("{:50} {verdict} {} ({})", mutant.name, mutant.red.join(", "), seconds(begun.elapsed()));
    Ok((verdict != Verdict::Red).then(|| format!("{verdict} {}", mutant.red.join(", "))))
}
