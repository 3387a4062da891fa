//! What a rollback takes back, and how it ended.

use super::{
    diff,
    plain::line,
    style::{Style, mark},
};
use crate::json::{Rollback, RunOutcome, TakenBack};

/// What would be taken back, field by field.
pub(crate) fn taken_back(steps: &[TakenBack]) -> String {
    let width = steps.iter().map(|step| step.step.chars().count()).max().unwrap_or(0);
    let step = |step: &TakenBack| {
        let (sign, what, style) = mark(step.op, false);
        let name = format!("{:width$}", line(&step.step));
        let head = format!("{} {}  {}\n", style.of(sign), Style::Strong.of(name), style.of(what));
        head + &diff::leaves(&step.changes, "    ")
    };
    steps.iter().map(step).collect()
}

/// The steps that are left as they are.
pub(crate) fn left(steps: &[String]) -> String {
    let step = |step: &String| format!("= {}  {}\n", line(step), Style::Quiet.of("left as it is"));
    steps.iter().map(step).collect()
}

/// How it ended.
pub(crate) fn rollback(rollback: &Rollback) -> String {
    let run = line(&rollback.run);
    match rollback.outcome {
        RunOutcome::RolledBack => {
            let all = Style::Good.of(format!("The run {run} is rolled back:"));
            let but = match rollback.left.as_slice() {
                [] => String::new(),
                left => format!(", but for what was left: {}", line(&left.join(", "))),
            };
            format!("{all} everything that it changed is as it was before{but}.\n")
        }
        RunOutcome::Nothing => format!("The run {run} is rolled back already: nothing to do.\n"),
        RunOutcome::Done | RunOutcome::Kept | RunOutcome::Stuck => String::new(),
    }
}
