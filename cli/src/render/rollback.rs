//! What a rollback takes back, and how it ended.

use std::collections::BTreeSet;

use trustpath_core::journal::End;

use super::{
    diff,
    plain::line,
    run,
    style::{Style, heading},
};
use crate::json::{RollbackDocument, RunStatus, TakenBack};

/// What would be taken back, field by field.
pub(crate) fn taken_back(steps: &[TakenBack]) -> String {
    let width = steps.iter().map(|step| step.step.chars().count()).max().unwrap_or(0);
    let step = |step: &TakenBack| heading(&step.step, width, step.op, false) + &diff::leaves(&step.changes, "    ");
    steps.iter().map(step).collect()
}

/// The steps that are left as they are.
pub(crate) fn left(steps: &[String]) -> String {
    let step = |step: &String| format!("= {}  {}\n", line(step), Style::Quiet.of("left as it is"));
    steps.iter().map(step).collect()
}

/// How it ended.
pub(crate) fn rollback(rollback: &RollbackDocument) -> String {
    let name = line(&rollback.run);
    match rollback.outcome {
        RunStatus::Ended(End::RolledBack) => {
            let all = Style::Good.of(format!("The run {name} is rolled back:"));
            let but = match but_for(rollback) {
                None => String::new(),
                Some(left) => format!(", but for what was left: {}", line(&left)),
            };
            format!("{}{all} everything that it changed is as it was before{but}.\n", run::left(&rollback.stays))
        }
        RunStatus::Nothing => format!("The run {name} is rolled back already: nothing to do.\n"),
        _ => run::left(&rollback.stays),
    }
}

/// The steps of which something is left, because the user said so or on purpose.
fn but_for(rollback: &RollbackDocument) -> Option<String> {
    let stays = rollback.stays.iter().map(|left| left.step.as_str());
    let steps: BTreeSet<_> = rollback.left.iter().map(String::as_str).chain(stays).collect();
    (!steps.is_empty()).then(|| steps.into_iter().collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Left;

    #[test]
    fn what_stays_is_said_with_its_reason_and_the_run_is_over() {
        let left = Left { step: "service-account".into(), why: "the namespace `a` is not empty: b".into() };
        let outcome = RunStatus::Ended(End::RolledBack);
        let (left, stays) = (vec!["policy".into()], vec![left]);
        let ended = RollbackDocument { run: "1".into(), outcome, left, stays, ..RollbackDocument::default() };
        insta::assert_snapshot!(anstream::adapter::strip_str(&rollback(&ended)).to_string(), @r"
        Left on purpose:
          service-account  the namespace `a` is not empty: b
        The run 1 is rolled back: everything that it changed is as it was before, but for what was left: policy, service-account.
        ");
    }
}
