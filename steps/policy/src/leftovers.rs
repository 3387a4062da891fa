//! Policies that bear the mark of the graph, and are in no step of it.

use std::collections::BTreeSet;

use async_trait::async_trait;
use futures::future::try_join_all;
use serde_json::{Value, json};
use trustpath_core::{
    About, Answer, Answers, Context, Leftover, LeftoverSearch, Leftovers, Read, Reads, Result, Right,
};
use trustpath_platform::{
    Optional, PolicyName, Vault, mark,
    policy::Meaning,
    text::{clean, few, listed},
    vault::{Get, OwnMounts},
};

use crate::{config::RESERVED, turns::Turns};

/// Finds them: each policy that no step makes is read, up to a number.
pub(crate) struct OldPolicies;

const NAMES: &str = "policies";
const TEXTS: &str = "texts";

/// How many are read: each is a request, and most of them will be others'.
const MOST: usize = 500;

impl Leftovers for OldPolicies {
    fn reads(&self, about: &About<'_>, so_far: &Answers) -> Reads {
        let namespace = OwnMounts(about).namespace().map(str::to_owned);
        let list = Optional(Get::list(namespace.as_deref(), "sys/policies/acl"));
        let reads = OwnMounts(about).reads_if_named(so_far).and(NAMES, list);
        let mut names = in_no_step(about, so_far);
        names.truncate(MOST);
        if names.is_empty() { reads } else { reads.and(TEXTS, Texts { namespace, names }) }
    }

    fn found(&self, about: &About<'_>, answers: &Answers) -> Result<LeftoverSearch> {
        let texts: Vec<(String, String)> = answers.get(TEXTS)?.unwrap_or_default();
        let is_ours = |text: &str| mark::in_comments(text).is_some_and(|mark| mark.graph == about.graph);
        let ours: Vec<_> = texts.iter().filter(|(_, text)| is_ours(text)).collect();
        let names = in_no_step(about, answers).len();
        let rest =
            format!("of {names} policies that no step makes, {MOST} were looked at to see what this graph has left");
        let notes: Vec<_> = (names > MOST).then_some(rest).into_iter().collect();
        let others = OwnMounts(about).of_other_clusters(answers)?;
        if !ours.is_empty() && !others.is_empty() {
            let notes = [vec![shared(&ours, others)], notes].concat();
            return Ok(LeftoverSearch { leftovers: Vec::new(), notes });
        }
        Ok(LeftoverSearch { leftovers: ours.into_iter().map(|(name, text)| leftover(name, text)).collect(), notes })
    }
}

fn in_no_step(about: &About<'_>, answers: &Answers) -> Vec<String> {
    let names: Vec<String> = answers.get(NAMES).ok().flatten().unwrap_or_default();
    let of_steps: BTreeSet<_> = about.given::<PolicyName>().map(|(_, policy)| policy.name.as_str()).collect();
    names.into_iter().filter(|name| !of_steps.contains(name.as_str()) && !RESERVED.contains(&name.as_str())).collect()
}

/// A policy's mark names no cluster: what a graph of several has in no step here may be in one there.
fn shared(ours: &[&(String, String)], others: Vec<String>) -> String {
    let quoted = |names: Vec<&str>| listed(&few(names.iter().map(|name| format!("`{}`", clean(name))).collect()));
    let policies = quoted(ours.iter().map(|(name, _)| name.as_str()).collect());
    let mounts = quoted(others.iter().map(String::as_str).collect());
    format!(
        "in no step here: the policies {policies}; this graph serves other clusters too (auth mounts {mounts}), which may \
         use them: they stay"
    )
}

fn leftover(name: &str, text: &str) -> Leftover {
    let meaning = Meaning::read(text).unwrap_or_default();
    let paths = meaning.all_paths().into_iter().map(|path| format!("`{}`", clean(path))).collect();
    Leftover {
        object: clean(&Vault::path(["sys/policies/acl", name])),
        does: format!("allows something on {}", listed(&few(paths))),
        with: Some(json!({"name": name, "rules": text})),
        needs: Vec::new(),
        needs_one_of: Vec::new(),
    }
}

/// The texts of policies, by their names, a few at the same time.
#[derive(Debug)]
struct Texts {
    namespace: Option<String>,
    names: Vec<String>,
}

#[async_trait]
impl Read for Texts {
    fn rights(&self) -> Vec<Right> {
        Vec::new()
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let turns = Turns::default();
        let get = |name| Get::new(self.namespace.as_deref(), Vault::path(["sys/policies/acl", name])).optional();
        let texts = self.names.iter().map(|name| turns.take(async move { cx.read(&get(name)).await }));
        let mut found = Vec::new();
        for (name, answer) in self.names.iter().zip(try_join_all(texts).await?) {
            match &*answer {
                Answer::Found(policy) => found.push(json!([name, policy["policy"].as_str().unwrap_or_default()])),
                Answer::Refused(why) => return Ok(Answer::Refused(why.clone())),
                Answer::Nothing | Answer::Failed(_) => {}
            }
        }
        found.sort_by_key(Value::to_string);
        Ok(Answer::Found(found.into()))
    }
}

#[cfg(test)]
mod tests;
