//! The program beside its own requests, sent one after the other.

use std::time::Duration;

use miette::Result;
use trustpath_tests::{pair::Pair, proxy::Seen};

use super::measured::{Measured, Way, median, ratio};
use crate::raw::{Raw, Server};

pub(super) async fn run(pair: &Pair, measured: &Measured<'_>, rounds: usize) -> Result<()> {
    let raw = Raw::new(pair)?;
    apply(pair, measured, &raw, rounds).await?;
    reading(pair, measured, &raw, "plan", rounds).await?;
    reading(pair, measured, &raw, "verify", rounds).await
}

/// From empty to applied and proven; raw are the writes alone, and then all of its requests, both from empty too.
async fn apply(pair: &Pair, measured: &Measured<'_>, raw: &Raw<'_>, rounds: usize) -> Result<()> {
    let way = Way::direct(pair);
    let seen = measured.seen(&Way::seen(pair), &["apply", "--yes"]).await;
    measured.clean().await;
    let writes: Vec<_> = seen.iter().filter(|(_, request)| built(request)).cloned().collect();
    let (mut ours, mut written, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        ours.push(measured.time(&way, &["apply", "--yes"]).await);
        measured.clean().await;
        written.push(raw.time(&writes).await?);
        measured.clean().await;
        all.push(raw.time(&seen).await?);
        measured.clean().await;
    }
    measured.time(&way, &["apply", "--yes"]).await;
    report("apply", "writes", &mut ours, &mut written, writes.len());
    report("apply", "requests", &mut ours, &mut all, seen.len());
    list(&seen);
    Ok(())
}

/// Something that only reads; raw are the same requests.
async fn reading(pair: &Pair, measured: &Measured<'_>, raw: &Raw<'_>, verb: &str, rounds: usize) -> Result<()> {
    let way = Way::direct(pair);
    let seen = measured.seen(&Way::seen(pair), &[verb]).await;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ours.push(measured.time(&way, &[verb]).await);
        theirs.push(raw.time(&seen).await?);
    }
    report(verb, "requests", &mut ours, &mut theirs, seen.len());
    list(&seen);
    Ok(())
}

/// What `apply` builds, without what its verify leaves for a moment.
fn built(request: &Seen) -> bool {
    request.writes()
        && !["/login", "/token", "/revoke-self", "/revoke-accessor"].iter().any(|end| request.path.ends_with(end))
}

/// One line: the ratio of the medians, and what was compared.
fn report(name: &str, what: &str, ours: &mut [Duration], raw: &mut [Duration], compared: usize) {
    let (ours, raw) = (median(ours), median(raw));
    println!("{name} {:.1}x ({ours:.1?}; its {compared} {what} raw {raw:.1?})", ratio(ours, raw));
}

fn list(seen: &[(Server, Seen)]) {
    for (_, request) in seen {
        println!("    {} {}", request.line(), request.status);
    }
}
