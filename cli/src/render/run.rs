//! How a run ended.

use trustpath_core::journal::End;

use super::{
    evidence::{chain, verdict},
    plain::line,
    plan::unread,
    style::Style,
};
use crate::json::{Counts, Left, PlanDocument, RunDocument, RunStatus, Summary};

/// What happened, from the final proof on.
pub(crate) fn outcome(run: &RunDocument) -> String {
    let mut text = String::new();
    if !run.links.is_empty() {
        text += &format!("\n{}\n{}", chain(&run.links), verdict(Counts::of(&run.links)));
    }
    text += &left(&run.left);
    text += &unread(&run.plan);
    if run.outcome == RunStatus::Ended(End::Done) {
        text += &done(run);
    }
    text
}

fn done(run: &RunDocument) -> String {
    let next = run.next.as_deref().unwrap_or_default();
    let back = Style::Quiet.of(format!("To take it back: {next}"));
    format!("\n{} {}.\n{back}\n", Style::Good.of("Done:"), made(&run.plan))
}

/// What a plan's changes came to. A run that goes on may find all of them made.
fn made(plan: &PlanDocument) -> String {
    let Summary { create, update, delete, adopt, .. } = plan.summary;
    let counts = [(create, "created"), (update, "updated"), (adopt, "taken over"), (delete, "deleted")];
    let parts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    let parts: Vec<_> = parts.collect();
    if parts.is_empty() { "nothing was left to change".to_owned() } else { parts.join(", ") }
}

/// What stays, with the reasons; nothing where all is gone.
pub(super) fn left(left: &[Left]) -> String {
    if left.is_empty() {
        return String::new();
    }
    let width = left.iter().map(|left| left.step.chars().count()).max().unwrap_or(0);
    let row = |left: &Left| format!("  {:width$}  {}\n", line(&left.step), line(&left.why));
    format!("\n{}\n{}", Style::Careful.of("Left on purpose:"), left.iter().map(row).collect::<String>())
}
