//! What is wrong between the steps, with its place in the file.

use miette::Diagnostic;

use super::{
    document::Document,
    mistake::{Mistake, quoted},
    path::Path,
};
use crate::{
    contract::Facts,
    failure::Failure,
    graph::{self, Graph, Spec, assemble},
    nearest,
};

/// How many members of a circle get a label of their own, and how many names a message lists before it counts the rest.
const SHOWN: usize = 10;

impl Document<'_> {
    /// Makes the graph of these steps. Where there is any mistake it is of no use; without the facts of `[connections]`,
    /// which have mistakes then, nothing is said about facts.
    pub(super) fn graph(&mut self, id: &str, ambient: Option<Facts>, steps: Vec<Spec>) -> Option<Graph> {
        let names: Vec<_> = steps.iter().map(|step| step.name.clone()).collect();
        let unsound = steps.iter().any(|step| step.step.is_none());
        let has_connections = ambient.is_some();
        let found = match assemble(id, &ambient.unwrap_or_default(), steps) {
            Ok(graph) => return Some(graph),
            Err(found) => found,
        };
        let doubtful = unsound || found.iter().any(is_about_needs);
        for mistake in found.iter().filter(|mistake| has_connections || is_about_needs(mistake)) {
            self.mistakes.push(self.between(mistake, &names, doubtful));
        }
        None
    }

    /// The same mistake, as the author of the file sees it. `steps` are the names of all; where some are doubtful, they
    /// may give what is missing.
    fn between(&self, mistake: &graph::Mistake, steps: &[String], doubtful: bool) -> Mistake {
        match mistake {
            graph::Mistake::UnknownNeed { step, need } => self.unknown_need(step, need, steps),
            graph::Mistake::Cycle { members } => self.cycle(members),
            graph::Mistake::FactMissing { step, fact, givers } => self.fact_missing(step, fact, givers, doubtful),
            graph::Mistake::FactAmbiguous { step, fact, givers } => self.fact_ambiguous(step, fact, givers),
            graph::Mistake::Gives { step, why } => self.gives(step, why),
        }
    }

    fn unknown_need(&self, step: &str, need: &str, steps: &[String]) -> Mistake {
        let others: Vec<_> = steps.iter().filter(|name| *name != step).collect();
        let mistake =
            Mistake::new("unknown_need", format!("there is no step {}", quoted(need)), nearest::hint(need, &others));
        let needs = Path::of(["steps", step, "needs"]);
        let at = self.item_place(&needs, need).unwrap_or_else(|| self.place(&needs));
        mistake.misses(need).at(at, format!("step {} needs it", quoted(step)))
    }

    fn cycle(&self, members: &[String]) -> Mistake {
        let first = quoted(&members[0]);
        let circle = match members.len() {
            1 => format!("{first} needs itself"),
            _ => format!("{} and again {first}", listed(members)),
        };
        let message = format!("steps need each other in a circle: {circle}");
        let pairs = members.iter().zip(members.iter().cycle().skip(1)).take(SHOWN);
        let mistake = Mistake::new("cycle", message, "remove one of these needs");
        pairs.fold(mistake, |mistake, (step, need)| self.label(mistake, step, need))
    }

    fn fact_missing(&self, step: &str, fact: &str, givers: &[String], doubtful: bool) -> Mistake {
        let givers: Vec<_> = givers.iter().filter(|giver| *giver != step).cloned().collect();
        let help = match givers.as_slice() {
            [] if doubtful => format!("add the step that gives the fact `{fact}` to the needs of {}", quoted(step)),
            [] => format!("no step of this graph gives the fact `{fact}`: add one that does, and name it in the needs"),
            [one] => format!("add {} to the needs of {}", quoted(one), quoted(step)),
            several => format!("add one of {} to the needs of {}", listed(several), quoted(step)),
        };
        let message = format!("step {} wants the fact `{fact}`, and none of its needs gives one", quoted(step));
        let at = self.place(&Path::of(["steps", step, "needs"]));
        let label = format!("a step that gives `{fact}` is missing here");
        Mistake::new("fact_missing", message, help).misses("").at(at, label)
    }

    fn fact_ambiguous(&self, step: &str, fact: &str, givers: &[String]) -> Mistake {
        let message = format!("step {} takes one fact `{fact}`, and {} give one", quoted(step), listed(givers));
        let help = format!("keep one of them in the needs of {}", quoted(step));
        let mistake = Mistake::new("fact_ambiguous", message, help);
        let mistake = givers.iter().fold(mistake, |mistake, giver| self.label(mistake, step, giver));
        if mistake.has_place() { mistake } else { mistake.at(self.place(&Path::of(["steps", step])), "this step") }
    }

    fn gives(&self, step: &str, why: &Failure) -> Mistake {
        let general = "change its configuration, or its needs, so that the two agree";
        let help = why.help().map_or_else(|| general.to_owned(), |help| help.to_string());
        let at = self.place(&Path::of(["steps", step]));
        let message = format!("step {} cannot say what it hands on", quoted(step));
        Mistake::new("gives", message, help).misses("").at(at, "this step").because(why.clone())
    }

    /// Points to where a step says that it needs another one, where it does.
    fn label(&self, mistake: Mistake, step: &str, need: &str) -> Mistake {
        match self.item_place(&Path::of(["steps", step, "needs"]), need) {
            Some(at) => mistake.at(at, format!("{} needs {}", quoted(step), quoted(need))),
            None => mistake,
        }
    }
}

fn is_about_needs(mistake: &graph::Mistake) -> bool {
    matches!(mistake, graph::Mistake::UnknownNeed { .. } | graph::Mistake::Cycle { .. })
}

fn listed(names: &[String]) -> String {
    let shown: Vec<_> = names.iter().take(SHOWN).map(|name| quoted(name)).collect();
    let rest = names.len().saturating_sub(SHOWN);
    let more = if rest == 0 { String::new() } else { format!(" and {rest} more") };
    shown.join(", ") + &more
}
