//! A plan, step by step and field by field.

use trustpath_core::{Note, Op, Reversibility, failure::Report, journal::Verb};

use super::{
    diff,
    plain::line,
    requests,
    style::{Style, heading},
    table::table,
};
use crate::json::{LeftoverPlan, PlanDocument, StepPlan, Summary};

const INDENT: &str = "    ";

/// The whole plan. A step that was read only because another one depends on it has nothing to do, and is left out; one that was
/// not looked at is named.
pub(crate) fn plan(plan: &PlanDocument) -> String {
    let chosen: Vec<_> = plan.steps.iter().filter(|step| step.chosen).collect();
    let width = chosen.iter().map(|step| step.step.chars().count()).max().unwrap_or(0);
    let blocks = chosen.iter().map(|step| self::step(step, width));
    let blocks = blocks.chain(plan.leftovers.iter().map(leftover));
    let mut text = format!("{}\n{}\n{}{}", apart(blocks), summary(plan.summary), unread(plan), leftovers(plan));
    if plan.summary.changes() > 0 {
        text.extend(plan.notes.iter().map(|said| format!("{}\n", note(said))));
    }
    if !plan.sources.is_empty() {
        let rows: Vec<_> = plan.sources.iter().map(|origin| [origin.key.clone(), origin.place()]).collect();
        text += &format!("\n{}", table(["VALUE", "FROM"], &rows));
    }
    if !plan.objections.is_empty() {
        text += &objections(plan.goal, &plan.objections);
    }
    text
}

/// The steps of which the file is believed.
pub(super) fn unread(plan: &PlanDocument) -> String {
    let steps: Vec<_> = plan.steps.iter().filter(|step| step.unread).map(|step| line(&step.step)).collect();
    let taken = match plan.goal {
        Verb::Apply => "taken as the graph file says",
        Verb::Destroy => "taken to be gone",
    };
    match steps.is_empty() {
        true => String::new(),
        false => format!("{} and {taken}: {}\n", Style::Careful.of("Not looked at,"), steps.join(", ")),
    }
}

/// A step that has something to say stands apart; one that has not is a line in a list.
fn apart(blocks: impl Iterator<Item = String>) -> String {
    let (mut text, mut was_long) = (String::new(), false);
    for block in blocks {
        let is_long = block.lines().count() > 1;
        if !text.is_empty() && (is_long || was_long) {
            text.push('\n');
        }
        text += &block;
        was_long = is_long;
    }
    text
}

fn step(step: &StepPlan, width: usize) -> String {
    let mut text = heading(&step.step, width, step.op, step.adopt) + &diff::leaves(&step.changes, INDENT);
    text.extend(step.requests.iter().map(|list| requests::requests(list, INDENT)));
    text.extend(remarks(step).iter().map(|remark| format!("{INDENT}{remark}\n")));
    text
}

/// Something that the graph has left. What it holds is shown where it would go.
fn leftover(left: &LeftoverPlan) -> String {
    let how = if left.certain { "of this graph, in no step;" } else { "in no step, and left alone:" };
    let (sign, object) = (Style::Careful.of("?"), Style::Strong.of(line(&left.object)));
    let mut text = format!("{sign} {object}  {how} {}\n", line(&left.does));
    if let Some(removal) = &left.removal {
        text += &diff::leaves(&removal.changes, INDENT);
        text.extend(remarks(removal).iter().map(|remark| format!("{INDENT}{remark}\n")));
    }
    text
}

/// What becomes of what the graph has left, and what was not looked at.
fn leftovers(plan: &PlanDocument) -> String {
    let goes = |left: &&LeftoverPlan| left.removal.as_ref().is_some_and(|step| step.op == Op::Delete);
    let mut text = match plan.leftovers.iter().filter(goes).count() {
        0 => String::new(),
        count => format!("{} {count} to remove, with `apply --prune`.\n", Style::Strong.of("Left over:")),
    };
    let what = "what this graph has left was not looked for everywhere:";
    text.extend(plan.unsearched.iter().map(|why| format!("{} {what} {}\n", Style::Quiet.of("note:"), line(why))));
    text
}

fn remarks(step: &StepPlan) -> Vec<String> {
    let mut remarks: Vec<_> = step.notes.iter().map(note).collect();
    if step.adopt {
        let what = "it is there already and does not bear the mark of this graph";
        remarks.push(format!("{} {what}", Style::Careful.of("taken over:")));
    }
    if step.provisional {
        remarks.push(Style::Quiet.of("some values are known only once the steps before it are applied"));
    }
    if step.op != Op::Nothing {
        remarks.extend(undo(&step.undo));
    }
    remarks
}

fn note(note: &Note) -> String {
    match note {
        Note::Info(text) => format!("{} {}", Style::Quiet.of("note:"), line(text)),
        Note::Warning(text) => format!("{} {}", Style::Careful.of("warning:"), line(text)),
        Note::Left(text) => format!("{} {}", Style::Careful.of("left:"), line(text)),
    }
}

fn undo(undo: &Reversibility) -> Option<String> {
    match undo {
        Reversibility::Full => Some(Style::Quiet.of("undo: everything comes back")),
        Reversibility::NotNeeded => None,
        Reversibility::NeedsInput(what) => Some(format!("{} only with {}", Style::Careful.of("undo:"), line(what))),
        Reversibility::Lossy(why) => Some(format!("{} {}", Style::Bad.of("no undo:"), line(why))),
    }
}

fn summary(summary: Summary) -> String {
    let Summary { create, update, delete, adopt, nothing } = summary;
    if summary.changes() == 0 {
        return Style::Good.of(format!("Plan: nothing to do in {nothing} {}.", steps(nothing)));
    }
    let adopt = if adopt > 0 { format!("{adopt} to take over, ") } else { String::new() };
    let parts = format!("{create} to create, {update} to update, {delete} to delete, {adopt}{nothing} unchanged");
    format!("{} {parts}.", Style::Strong.of("Plan:"))
}

fn steps(count: usize) -> &'static str {
    if count == 1 { "step" } else { "steps" }
}

fn objections(goal: Verb, objections: &[Report]) -> String {
    let verb = goal.name();
    let mut text = format!("\n{}\n", Style::Careful.of(format!("`{verb}` will not go on without your word:")));
    for objection in objections {
        text += &format!("  • {}\n", line(&objection.message));
        if let Some(help) = &objection.help {
            text += &format!("    {}\n", Style::Quiet.of(line(help)));
        }
    }
    text
}
