//! Graphs of a size that no one has looked at by eye.

use std::{fmt::Write as _, path::Path};

use trustpath_tests::pair::Pair;

use super::measured::{Measured, Way, median, ratio};

/// A `destroy` that finds nothing asks for each policy who else uses it; a `plan` does not.
pub(super) async fn run(pair: &Pair, binary: &Path, number: usize, rounds: usize) {
    let measured = Measured::with_graph(pair, binary.to_owned(), &graph(number));
    let way = Way::direct(pair);
    let (mut plan, mut destroy) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        plan.push(measured.time(&way, &["plan"]).await);
        destroy.push(measured.time(&way, &["destroy", "--yes"]).await);
    }
    let (plan, destroy) = (median(&mut plan), median(&mut destroy));
    println!("{number} policies: destroy {:.2}x of plan ({destroy:.1?} / {plan:.1?})", ratio(destroy, plan));
}

fn graph(number: usize) -> String {
    let mut text = "graph = \"size\"\n".to_owned();
    for nth in 0..number {
        let with = format!("{{ name = \"size-{nth}\", rules = {{ \"kv/data/size/{nth}/*\" = [\"read\"] }} }}");
        write!(text, "[steps.p{nth}]\nuses = \"policy\"\nwith = {with}\n").expect("a String takes everything");
    }
    text
}
