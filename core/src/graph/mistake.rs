//! What is wrong between steps.

use miette::Diagnostic;

use super::spec::Spec;
use crate::{failure::Failure, mistake, mistake::quoted, nearest};

/// What is wrong with a set of steps.
pub type GraphMistake = mistake::Mistake<Where>;

/// Where a mistake shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Where {
    /// At a step.
    Step(String),
    /// Where a step says what it needs.
    Needs(String),
    /// Where a step says that it needs this one.
    Need(String, String),
}

/// How many members of a circle get a label of their own, and how many names a message lists before it counts the rest.
const SHOWN: usize = 10;

/// A step needs one that is not there.
pub(super) fn unknown_need(step: &str, need: &str, steps: &[Spec]) -> GraphMistake {
    let others: Vec<_> = steps.iter().map(|other| &other.name).filter(|name| *name != step).collect();
    let message = format!("there is no step {}", quoted(need));
    let mistake = GraphMistake::new("unknown_need", message, nearest::hint(need, &others)).misses(need);
    mistake.at(Where::Need(step.into(), need.into()), format!("step {} needs it", quoted(step)))
}

/// Each step needs the next one, the last needs the first.
pub(super) fn cycle(members: &[String]) -> GraphMistake {
    let first = quoted(&members[0]);
    let circle = match members.len() {
        1 => format!("{first} needs itself"),
        _ => format!("{} and again {first}", listed(members)),
    };
    let message = format!("steps need each other in a circle: {circle}");
    let mistake = GraphMistake::new("cycle", message, "remove one of these needs");
    let pairs = members.iter().zip(members.iter().cycle().skip(1)).take(SHOWN);
    pairs.fold(mistake, |mistake, (step, need)| at_need(mistake, step, need))
}

/// A step wants a fact that none of its needs gives. Where `others` give it, they are named; where some steps are
/// doubtful, they may.
pub(super) fn fact_missing(step: &str, fact: &str, others: &[String], doubtful: bool) -> GraphMistake {
    let help = match others {
        [] if doubtful => format!("add the step that gives the fact `{fact}` to the needs of {}", quoted(step)),
        [] => format!("no step of this graph gives the fact `{fact}`: add one that does, and name it in the needs"),
        [one] => format!("add {} to the needs of {}", quoted(one), quoted(step)),
        several => format!("add one of {} to the needs of {}", listed(several), quoted(step)),
    };
    let message = format!("step {} wants the fact `{fact}`, and none of its needs gives one", quoted(step));
    let label = format!("a step that gives `{fact}` is missing here");
    GraphMistake::new("fact_missing", message, help).misses("").at(Where::Needs(step.into()), label)
}

/// Several give a fact of which a step takes one.
pub(super) fn fact_ambiguous(step: &Spec, fact: &str, givers: &[String]) -> GraphMistake {
    let name = quoted(&step.name);
    let message = format!("step {name} takes one fact `{fact}`, and {} give one", listed(givers));
    let mistake = GraphMistake::new("fact_ambiguous", message, format!("keep one of them in the needs of {name}"));
    let mut needed = givers.iter().filter(|giver| step.needs.contains(giver)).peekable();
    match needed.peek() {
        Some(_) => needed.fold(mistake, |mistake, giver| at_need(mistake, &step.name, giver)),
        None => mistake.at(Where::Step(step.name.clone()), "this step"),
    }
}

/// A step cannot say what it hands on.
pub(super) fn gives(step: &str, why: Failure) -> GraphMistake {
    let general = "change its configuration, or its needs, so that the two agree";
    let help = why.help().map_or_else(|| general.to_owned(), |help| help.to_string());
    let message = format!("step {} cannot say what it hands on", quoted(step));
    GraphMistake::new("gives", message, help)
        .misses("")
        .at(Where::Step(step.into()), "this step")
        .because(why.in_step(step))
}

fn at_need(mistake: GraphMistake, step: &str, need: &str) -> GraphMistake {
    let label = format!("{} needs {}", quoted(step), quoted(need));
    mistake.at(Where::Need(step.to_owned(), need.to_owned()), label)
}

fn listed(names: &[String]) -> String {
    let shown: Vec<_> = names.iter().take(SHOWN).map(|name| quoted(name)).collect();
    let rest = names.len().saturating_sub(SHOWN);
    let more = if rest == 0 { String::new() } else { format!(" and {rest} more") };
    shown.join(", ") + &more
}
