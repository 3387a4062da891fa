//! The steps together: the graph, or what is wrong between them.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use miette::LabeledSpan;

use super::{
    mistake::{Mistake, listed, place, quoted},
    steps::Entry,
};
use crate::{
    contract::{Context, Evidence, Facts, Goal, Part, Plan, Right, Stage, Step},
    failure::Result,
    graph::{self, Graph, Spec},
    nearest,
};

/// Makes the graph of these steps, whichever of them are sound. Where there is any mistake, the graph is of no use.
pub(super) fn assemble(id: &str, ambient: &Facts, entries: &[Entry], mistakes: &mut Vec<Mistake>) -> Option<Graph> {
    let mut drafts = Drafts::new(entries);
    // Only a graph whose needs lead somewhere, and to an end, can be asked about facts. So needs that do not are
    // reported and dropped; each round drops at least one.
    loop {
        let found = match graph::assemble(id, ambient, drafts.specs()) {
            Ok(graph) => return Some(graph),
            Err(found) => found,
        };
        let again = found.iter().any(is_about_needs);
        for mistake in found.iter().filter(|mistake| drafts.is_certain(mistake)) {
            mistakes.push(drafts.told(mistake));
        }
        if !again {
            return None;
        }
        found.iter().for_each(|mistake| drafts.doubt(mistake));
        drafts.drop_needs();
    }
}

fn is_about_needs(mistake: &graph::Mistake) -> bool {
    matches!(mistake, graph::Mistake::UnknownNeed { .. } | graph::Mistake::Cycle { .. })
}

/// The steps as far as they can be trusted.
struct Drafts<'e> {
    all: Vec<Draft<'e>>,
    places: HashMap<&'e str, usize>,
}

struct Draft<'e> {
    entry: &'e Entry,
    /// Positions in the entry's needs; `None` where one was dropped in this round.
    needs: Vec<Option<usize>>,
    /// What it gives, or sees, may not be what it would without its mistakes.
    doubtful: bool,
}

impl<'e> Drafts<'e> {
    fn new(entries: &'e [Entry]) -> Self {
        let draft = |entry: &'e Entry| Draft {
            entry,
            needs: (0..entry.needs.len()).map(Some).collect(),
            doubtful: entry.step.is_none(),
        };
        let places = entries.iter().enumerate().map(|(at, entry)| (entry.name.as_str(), at)).collect();
        Self { all: entries.iter().map(draft).collect(), places }
    }

    fn specs(&self) -> Vec<Spec> {
        let spec = |draft: &Draft<'_>| Spec {
            name: draft.entry.name.clone(),
            uses: draft.entry.uses.clone(),
            with: draft.entry.with.clone(),
            needs: draft.needs().map(str::to_owned).collect(),
            step: draft.entry.step.clone().unwrap_or_else(|| Arc::new(Unsound)),
        };
        self.all.iter().map(spec).collect()
    }

    fn of(&self, step: &str) -> &Draft<'e> {
        &self.all[self.places[step]]
    }

    /// A fact that is missing is nobody's mistake as long as it might come from a step that has one itself.
    fn is_certain(&self, mistake: &graph::Mistake) -> bool {
        let (graph::Mistake::FactMissing { step, .. } | graph::Mistake::Gives { step, .. }) = mistake else {
            return true;
        };
        let draft = self.of(step);
        !draft.doubtful && draft.needs().all(|need| !self.of(need).doubtful)
    }

    /// Marks the needs that a mistake is about.
    fn doubt(&mut self, mistake: &graph::Mistake) {
        match mistake {
            graph::Mistake::UnknownNeed { step, position } => {
                let draft = &mut self.all[self.places[step.as_str()]];
                draft.needs[*position] = None;
                draft.doubtful = true;
            }
            graph::Mistake::Cycle { members } => {
                for member in members {
                    let draft = &mut self.all[self.places[member.as_str()]];
                    draft.needs.fill(None);
                    draft.doubtful = true;
                }
            }
            _ => {}
        }
    }

    fn drop_needs(&mut self) {
        self.all.iter_mut().for_each(|draft| draft.needs.retain(Option::is_some));
    }

    /// The same mistake with its place in the file.
    fn told(&self, mistake: &graph::Mistake) -> Mistake {
        match mistake {
            graph::Mistake::UnknownNeed { step, position } => self.unknown_need(step, *position),
            graph::Mistake::Cycle { members } => self.cycle(members),
            graph::Mistake::FactMissing { step, fact, givers } => {
                let help = self.how_to_give(step, fact, givers);
                Mistake::FactMissing { step: step.clone(), fact, help, at: place(&self.of(step).entry.needs_at) }
            }
            graph::Mistake::FactAmbiguous { step, fact, givers } => self.ambiguous(step, fact, givers),
            graph::Mistake::Gives { step, why } => {
                Mistake::Gives { step: step.clone(), why: why.clone(), at: place(&self.of(step).entry.at) }
            }
        }
    }

    fn unknown_need(&self, step: &str, position: usize) -> Mistake {
        let draft = self.of(step);
        let need = draft.needs[position].map(|position| &draft.entry.needs[position]);
        let need = need.expect("needs are dropped between the rounds");
        let others: Vec<_> = self.all.iter().map(|other| &other.entry.name).filter(|name| *name != step).collect();
        let hint = nearest::hint(need.get_ref(), &others);
        Mistake::UnknownNeed { step: step.to_owned(), need: need.get_ref().clone(), hint, at: place(&need.span()) }
    }

    fn cycle(&self, members: &[String]) -> Mistake {
        let next = members.iter().cycle().skip(1);
        let pairs = members.iter().zip(next).take(SHOWN_OF_A_CYCLE);
        let at = pairs.filter_map(|(member, next)| self.label(member, next)).collect();
        Mistake::Cycle { members: members.to_vec(), at }
    }

    fn ambiguous(&self, step: &str, fact: &'static str, givers: &[String]) -> Mistake {
        let mut at: Vec<_> = givers.iter().filter_map(|giver| self.label(step, giver)).collect();
        if at.is_empty() {
            at.push(LabeledSpan::new_with_span(Some("this step".to_owned()), place(&self.of(step).entry.at)));
        }
        Mistake::FactAmbiguous { step: step.to_owned(), fact, givers: givers.to_vec(), at }
    }

    /// A label on the place where a step says that it needs another one.
    fn label(&self, step: &str, need: &str) -> Option<LabeledSpan> {
        let place_of_need = self.of(step).entry.needs.iter().find(|named| named.get_ref() == need)?;
        let text = format!("{} needs {}", quoted(step), quoted(need));
        Some(LabeledSpan::new_with_span(Some(text), place(&place_of_need.span())))
    }

    fn how_to_give(&self, step: &str, fact: &str, givers: &[String]) -> String {
        let givers: Vec<_> = givers.iter().filter(|giver| *giver != step).cloned().collect();
        match givers.as_slice() {
            [] if self.all.iter().any(|draft| draft.doubtful) => {
                format!("add the step that gives the fact `{fact}` to the needs of {}", quoted(step))
            }
            [] => format!("no step of this graph gives the fact `{fact}`: add one that does, and name it in the needs"),
            [one] => format!("add {} to the needs of {}", quoted(one), quoted(step)),
            several => format!("add one of {} to the needs of {}", listed(several), quoted(step)),
        }
    }
}

/// How many members of a circle get a label of their own.
const SHOWN_OF_A_CYCLE: usize = 10;

impl<'e> Draft<'e> {
    fn needs(&self) -> impl Iterator<Item = &'e str> {
        let entry = self.entry;
        self.needs.iter().flatten().map(move |position| entry.needs[*position].get_ref().as_str())
    }
}

/// Stands in for a step that has a mistake, so that the others can be looked at: it wants nothing and gives nothing.
struct Unsound;

#[async_trait]
impl Step for Unsound {
    async fn plan(&self, _: &Context, _: &Goal) -> Result<Plan> {
        Ok(Plan::nothing(None))
    }

    async fn apply(&self, _: &Context, _: &Part) -> Result<()> {
        Ok(())
    }

    async fn verify(&self, _: &Context) -> Result<Evidence> {
        Ok(Evidence::new())
    }

    fn rights(&self, _: &Context, _: Stage<'_>) -> Result<Vec<Right>> {
        Ok(Vec::new())
    }
}
