//! A chain that is there, walked from one object to those that it stands on.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    contract::{Context, Facts, Handles, ImportedStep, Kind, ObjectAddress, StepConsent, import},
    failure::{Class, Problem, Result},
};

/// A step of a graph file that says what is there.
#[derive(Debug, Clone)]
pub struct NamedImport {
    /// What it is called in the file.
    pub name: String,
    /// Its kind.
    pub kind: &'static Kind,
    /// The names of those that it needs.
    pub needs: Vec<String>,
    /// What it says.
    pub step: ImportedStep,
}

/// Tells an object and all that it stands on as steps, needed ones first. Writes nothing.
///
/// # Errors
/// When something cannot be read, no kind tells such an object, or no graph could be about it.
pub async fn import_chain(
    kinds: &[&'static Kind],
    start: ObjectAddress,
    handles: &Arc<Handles>,
) -> Result<Vec<NamedImport>> {
    let mut open = VecDeque::from([start]);
    let mut chain: Vec<(ObjectAddress, NamedImport)> = Vec::new();
    while let Some(address) = open.pop_front() {
        if chain.iter().any(|(known, _)| *known == address) {
            continue;
        }
        let known = kinds.iter().find_map(|kind| Some((*kind, kind.import(address.of)?)));
        let (kind, tells) = known.ok_or_else(|| untold(&address))?;
        let cx = Context::new("", kind.name(), Arc::new(Facts::default()), handles.clone(), StepConsent::default());
        let step =
            checked(kind, import(tells, &address.at, &cx).await.map_err(|failure| failure.in_step(kind.name()))?);
        open.extend(step.needs.iter().cloned());
        let name = unused_name(&chain, step.name);
        chain.push((address, NamedImport { name, kind, needs: Vec::new(), step }));
    }
    Ok(needing_each_other(chain))
}

/// Needs are of what a step can tell.
fn needing_each_other(mut chain: Vec<(ObjectAddress, NamedImport)>) -> Vec<NamedImport> {
    chain.reverse();
    let told: Vec<_> = chain.iter().filter(|(_, import)| import.step.with.is_some()).collect();
    let names: Vec<(ObjectAddress, String)> =
        told.into_iter().map(|(address, import)| (address.clone(), import.name.clone())).collect();
    let named = |import: NamedImport| {
        let is_needed = |(address, _): &&(ObjectAddress, String)| import.step.needs.contains(address);
        let needs = names.iter().filter(is_needed).map(|(_, name)| name.clone()).collect();
        NamedImport { needs, ..import }
    };
    chain.into_iter().map(|(_, import)| named(import)).collect()
}

/// What the kind does not take is told in a note: the file would not be read.
fn checked(kind: &Kind, step: ImportedStep) -> ImportedStep {
    let refused = step.with.clone().and_then(|with| kind.from_json(with.into()).err());
    let Some(why) = refused else { return step };
    let note = format!("no step can say it: {why}");
    ImportedStep { with: None, notes: [step.notes, vec![note]].concat(), ..step }
}

fn unused_name(chain: &[(ObjectAddress, NamedImport)], name: &str) -> String {
    let of_the_kind = chain.iter().filter(|(_, import)| import.step.name == name).count();
    if of_the_kind == 0 { name.to_owned() } else { format!("{name}-{}", of_the_kind + 1) }
}

fn untold(address: &ObjectAddress) -> Problem {
    let message = format!("no kind of this program tells a {} that is there as a step", address.of);
    Problem::new(Class::Missing, "trustpath::import::no_kind", message)
        .help("`trustpath steps list` shows the kinds; `trustpath init` writes the standard graph file")
}
