//! Policies are read here as the servers read them.

mod corpus;
mod generate;
mod server;
mod words;

use std::{collections::HashMap, env, sync::Arc, time::Instant};

use futures::future::join_all;
use trustpath_platform::{
    policy::{Meaning, Tree, is_json, render},
    vault::Family,
};
use trustpath_tests::pair::Pair;

use self::{
    corpus::{ALIKE, FORMS},
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

    fn tell(&self, pair: &Pair, of: &str) {
        let Self { taken, refused, pairs, disagreements } = self;
        let count = disagreements.len();
        println!("{}: {of}: {taken} taken, {refused} refused, {pairs} pairs, {count} disagreements", pair.which.name());
        assert!(disagreements.is_empty(), "{}", disagreements[..count.min(30)].join("\n\n"));
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

/// Every form of the language, and groups of texts that mean the same: each allows what the others do.
pub(crate) async fn every_form_is_read_as_the_server_reads_it(pair: Arc<Pair>) {
    let (holder, family) = (Server::of(&pair).holder("corpus").await, family(&pair));
    // The server alone weighs a control group.
    let forms = FORMS.iter().filter(|text| !text.contains("control_group")).map(ToString::to_string).collect();
    let mut all = put(&holder, family, forms).await;
    for alike in ALIKE {
        let keys: Vec<_> = alike.iter().map(|text| key(text)).collect();
        for (text, key) in alike.iter().zip(&keys) {
            assert!(key.is_some() && *key == keys[0], "{text:?} is not {:?}", alike[0]);
        }
        let written =
            alike.iter().filter(|text| is_json(text)).map(|text| render(&Tree::read(text).expect("a policy")));
        all.add(put(&holder, family, alike.iter().map(ToString::to_string).chain(written).collect()).await);
    }
    holder.leave().await;
    all.tell(&pair, "forms");
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
    all.tell(&pair, &format!("of {count} texts in {:?}", started.elapsed()));
}
