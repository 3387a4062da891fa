//! What the graph has left.

use trustpath_core::Op;

use super::{
    diff,
    plain::line,
    plan::{INDENT, remarks},
    style::Style,
};
use crate::json::{LeftoverPlan, Plan};

/// One of them. What it holds is shown where it would go.
pub(super) fn block(left: &LeftoverPlan) -> String {
    let how = if left.certain { "of this graph, in no step;" } else { "in no step, and left alone:" };
    let (sign, object) = (Style::Careful.of("?"), Style::Strong.of(line(&left.object)));
    let mut text = format!("{sign} {object}  {how} {}\n", line(&left.does));
    if let Some(removal) = &left.removal {
        text += &diff::leaves(&removal.changes, INDENT);
        text.extend(remarks(removal).iter().map(|remark| format!("{INDENT}{remark}\n")));
    }
    text
}

/// What becomes of them, and what was not looked at.
pub(super) fn summary(plan: &Plan) -> String {
    let goes = |left: &&LeftoverPlan| left.removal.as_ref().is_some_and(|step| step.op == Op::Delete);
    let mut text = match plan.leftovers.iter().filter(goes).count() {
        0 => String::new(),
        count => format!("{} {count} to remove, with `apply --prune`.\n", Style::Strong.of("Left over:")),
    };
    let unsearched = plan.unsearched.iter().map(|why| {
        format!("{} what this graph has left was not looked for everywhere: {}\n", Style::Quiet.of("note:"), line(why))
    });
    text.extend(unsearched);
    text
}
