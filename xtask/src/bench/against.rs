//! Two binaries of the program, in turn.

use trustpath_tests::pair::Pair;

use super::measured::{Measured, Way, median, ratio};

pub(super) async fn run(pair: &Pair, (own, other): (&Measured<'_>, &Measured<'_>), rounds: usize) {
    let way = Way::direct(pair);
    verb(&way, (own, other), rounds, &["apply", "--yes"], true).await;
    own.time(&way, &["apply", "--yes"]).await;
    for reading in ["plan", "verify"] {
        verb(&way, (own, other), rounds, &[reading], false).await;
    }
    own.clean().await;
}

async fn verb(
    way: &Way,
    (own, other): (&Measured<'_>, &Measured<'_>),
    rounds: usize,
    arguments: &[&str],
    from_empty: bool,
) {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        for (measured, times) in [(own, &mut ours), (other, &mut theirs)] {
            times.push(measured.time(way, arguments).await);
            if from_empty {
                measured.clean().await;
            }
        }
    }
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    println!("{} {:.2}x of the other ({ours:.1?} / {theirs:.1?})", arguments[0], ratio(ours, theirs));
}
