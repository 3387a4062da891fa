//! Policies are read here as the servers read them.

mod corpus;
mod generate;
mod server;

use std::{collections::HashMap, env, sync::Arc, time::Instant};

use futures::future::join_all;
use trustpath_platform::{policy::Meaning, vault::Family};
use trustpath_tests::pair::Pair;

use self::{
    generate::{Dice, text},
    server::{Holder, Server},
};

const SEED: u64 = 13;
/// How many texts there are, where no one says otherwise.
const TEXTS: usize = 4_000;
const TEXTS_VARIABLE: &str = "TRUSTPATH_TEST_POLICY_TEXTS";
/// How many requests are under way at the same time.
const AT_ONCE: usize = 16;

fn family(pair: &Pair) -> Family {
    if pair.which.hashicorp_vault { Family::Vault } else { Family::OpenBao }
}

/// Whether servers of this family take it, as far as this program knows.
fn is_taken(text: &str, family: Family) -> bool {
    Meaning::read(text).is_ok_and(|meaning| meaning.refusal(family).is_none())
}

/// What a text means, to find the one that means the same.
fn key(text: &str) -> Option<String> {
    let meaning = Meaning::read(text).ok()?;
    let rules: Vec<_> = meaning.all_paths().into_iter().map(|path| (path, meaning.rules(path))).collect();
    rules.iter().all(|(_, rules)| rules.is_some()).then(|| format!("{rules:?}"))
}

/// What came of many texts.
#[derive(Default)]
struct Tally {
    taken: usize,
    refused: usize,
    pairs: usize,
    disagreements: Vec<String>,
}

impl Tally {
    fn add(&mut self, more: Self) {
        self.taken += more.taken;
        self.refused += more.refused;
        self.pairs += more.pairs;
        self.disagreements.extend(more.disagreements);
    }
}

/// Puts texts one after another, and compares what each allows with what the one before it of the same meaning does.
async fn put(holder: &Holder, family: Family, texts: Vec<String>) -> Tally {
    let mut tally = Tally::default();
    let mut allowed = HashMap::new();
    for text in texts {
        let taken = holder.takes(&text).await;
        if taken != is_taken(&text, family) {
            let why = Meaning::read(&text).map(|meaning| meaning.refusal(family).cloned());
            tally.disagreements.push(format!("taken: {taken}, here: {why:?}\n{text:?}"));
        }
        tally.taken += usize::from(taken);
        tally.refused += usize::from(!taken);
        let Some(key) = key(&text).filter(|_| taken) else { continue };
        let there = holder.capabilities().await;
        if let Some((other, before)) = allowed.insert(key, (text.clone(), there.clone())) {
            tally.pairs += 1;
            if before != there {
                tally.disagreements.push(format!("they mean the same here\n{other:?}\n{text:?}"));
            }
        }
    }
    tally
}

/// 50,000 with `TRUSTPATH_TEST_POLICY_TEXTS`; fewer in the suite.
pub(crate) async fn generated_ones_are_read_as_the_server_reads_them(pair: Arc<Pair>) {
    let count = env::var(TEXTS_VARIABLE).map_or(TEXTS, |count| count.parse().expect("a number"));
    let (server, family, started) = (Server::of(&pair), family(&pair), Instant::now());
    let mut dice = Dice(SEED);
    let mut texts: Vec<_> = (0..count).map(|_| text(&mut dice)).filter(|text| !text.is_empty()).collect();
    let each = texts.len().div_ceil(AT_ONCE);
    let shares: Vec<Vec<_>> = (0..AT_ONCE).map(|_| texts.split_off(texts.len().saturating_sub(each))).collect();
    let share = |(nth, texts)| {
        let server = server.clone();
        async move {
            let holder = server.holder(&format!("generated-{nth}")).await;
            let tally = put(&holder, family, texts).await;
            holder.leave().await;
            tally
        }
    };
    let mut all = Tally::default();
    join_all(shares.into_iter().enumerate().map(share)).await.into_iter().for_each(|tally| all.add(tally));
    println!(
        "{}: {count} texts, {} taken, {} refused, {} pairs of one meaning, {} disagreements, {:?}",
        pair.which.name(),
        all.taken,
        all.refused,
        all.pairs,
        all.disagreements.len(),
        started.elapsed()
    );
    assert!(all.disagreements.is_empty(), "{}", all.disagreements[..all.disagreements.len().min(30)].join("\n\n"));
}
