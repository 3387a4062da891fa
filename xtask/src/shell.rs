//! Running commands, and saying how long they took.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use miette::{Result, miette};

/// Runs a step of a larger command; says what it does, and how long it took.
pub(crate) fn step(name: &str, mut command: Command) -> Result<()> {
    println!("\n==> {name}");
    let begun = Instant::now();
    let status = command.status().map_err(|error| miette!("{name}: {error}"))?;
    if !status.success() {
        return Err(miette!("{name} failed"));
    }
    println!("==> {name}: {}", seconds(begun.elapsed()));
    Ok(())
}

pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
