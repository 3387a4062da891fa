//! The kit finds nothing wrong with an honest step, and finds each mutant.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use serde_json::{Value, json};
use trustpath_conformance::{Beginning, Broken, Case, Law, Limited, Servers, World, check};
use trustpath_core::{Facts, Result, Right, graph::assemble};

use crate::shelf::{Mutant, SECRET, Shelf, handles, step};

#[derive(Default)]
struct ItemCase {
    mutant: Option<Mutant>,
}

#[async_trait]
impl Case for ItemCase {
    async fn world(&self, beginning: Beginning) -> Result<World> {
        let shelf = Shelf::default();
        if beginning == Beginning::Other {
            shelf.put("tested", &[("size", "XL"), ("note", "mine"), ("mark", "another")]);
        }
        let with = json!({"item": "tested", "fields": {"size": "M", "colour": "red"}, "mutant": self.mutant});
        let specs = vec![step("tested", &[], with), step("other", &[], json!({}))];
        let graph = assemble("test", &Facts::default(), specs).unwrap();
        let handles = handles(&shelf);
        Ok(World { graph: Arc::new(graph), step: "tested".into(), handles, servers: Arc::new(Seen(shelf)) })
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET.to_owned()]
    }
}

struct Seen(Shelf);

#[async_trait]
impl Servers for Seen {
    async fn snapshot(&self) -> Result<Value> {
        Ok(self.0.snapshot())
    }

    async fn limited(&self, rights: &[Right]) -> Result<Option<Limited>> {
        let shelf = self.0.limited(rights.iter().map(|right| right.what.clone()).collect());
        let used = shelf.used.clone();
        Ok(Some(Limited { handles: handles(&shelf), used: Box::new(move || used.lock().unwrap().clone()) }))
    }

    async fn quiet(&self) -> Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn an_honest_step_keeps_every_law() {
    for law in Law::ALL {
        check(&ItemCase::default(), law).await.unwrap();
    }
}

#[tokio::test]
async fn each_law_has_a_mutant_that_breaks_it() {
    let mutants = BTreeMap::from([
        ("ReadsOnly", (Law::ReadsOnly, Mutant::PlanWrites)),
        ("Repeatable: twice", (Law::Repeatable, Mutant::AddsUp)),
        ("Repeatable: cut off", (Law::Repeatable, Mutant::CutOffForGood)),
        ("Settles", (Law::Settles, Mutant::NeverSettles)),
        ("ComesBack", (Law::ComesBack, Mutant::ForgetsOnUndo)),
        ("GoneIsGone", (Law::GoneIsGone, Mutant::GoneIsAnError)),
        ("NoSecrets", (Law::NoSecrets, Mutant::LeaksSecret)),
        ("PureFacts", (Law::PureFacts, Mutant::ImpureFacts)),
        ("AsksForWhatItSends: less", (Law::AsksForWhatItSends, Mutant::AsksForLess)),
        ("AsksForWhatItSends: more", (Law::AsksForWhatItSends, Mutant::AsksForMore)),
    ]);
    for (name, (law, mutant)) in &mutants {
        let case = ItemCase { mutant: Some(*mutant) };
        let Err(Broken::Law(found, _)) = check(&case, *law).await else { panic!("{name}: the mutant went unseen") };
        assert_eq!(found, *law, "{name}");
    }
    for law in Law::ALL {
        assert!(mutants.values().any(|(broken, _)| *broken == law), "{law:?} has no mutant");
    }
}
