//! What is read before anything is decided, by name.

mod answers;
mod here;
mod place;

use trustpath_core::{Answer, Answers, At, Intent, Reads, Seen};
use trustpath_platform::{
    kubernetes::ClusterUid,
    text_source::{NamedFile, TextFile, TextSource},
    vault::Get,
};

use crate::{
    Taken,
    config::{Ca, KubernetesAuth},
    document::may_hold_jwt,
    source::JwtSource,
    state::{State, TYPE},
};

pub(crate) use answers::{is_told, told};
use here::Connected;
pub(crate) use here::Here;
use place::ServicePods;

impl KubernetesAuth {
    pub(crate) fn all_reads(&self, at: At<'_, Taken>, intent: Intent, seen: Option<&Seen<State>>) -> Reads {
        let namespace = at.facts.0.namespace.as_deref();
        let first = Reads::none().and("mounts", Get::new(namespace, "sys/auth"));
        let first = match intent {
            Intent::Undo => first,
            Intent::Remove => first.and("cluster", ClusterUid).and("roles", self.roles(at).or_refused()),
            Intent::Make => self.surroundings(at, first, false),
            Intent::Verify => self.surroundings(at, first, true),
        };
        match seen {
            Some(Seen { state: Some(state), answers }) if state.mount.kind == TYPE => {
                let reads = first.and("config", Get::new(namespace, self.at(at.facts).below(["config"])));
                self.after_config(at, intent, reads, state, answers)
            }
            _ => first,
        }
    }

    /// What host, CA and reviewer depend on. A proof tells what is wrong with them.
    fn surroundings(&self, at: At<'_, Taken>, reads: Reads, is_proof: bool) -> Reads {
        let mut reads = reads.and_judged("cluster", ClusterUid, is_proof).and_judged("here", Connected, is_proof);
        if let Some((namespace, name)) = self.service_asked_for(at.facts) {
            reads = reads.and_judged("place", ServicePods { namespace, name }, is_proof);
        }
        if let Ca::File(file) = &self.ca {
            reads = reads.and_judged("ca", TextFile(file.clone()), is_proof);
        }
        for (index, key) in self.pem_keys.iter().flatten().enumerate() {
            if let TextSource::File(NamedFile { file }) = key {
                reads = reads.and_judged(key_name(index), TextFile(file.clone()), is_proof);
            }
        }
        match self.source(at.facts) {
            Some(source) => reads.and_judged("reviewer", source, is_proof),
            None => reads,
        }
    }

    /// A config that may hold a JWT leads to the one that was there before, and a mount without one to its roles.
    fn after_config(&self, at: At<'_, Taken>, intent: Intent, reads: Reads, state: &State, answers: &Answers) -> Reads {
        let (may_hold, is_bare) = match answers.answer("config") {
            Some(Answer::Found(config)) => (may_hold_jwt(config), false),
            Some(found) => (false, *found == Answer::Nothing),
            // Only rights are asked.
            None if answers.is_empty() => (state.config.is_some(), state.config.is_none()),
            None => (false, false),
        };
        let reads = match &self.previous_reviewer {
            // It has served, and may be gone where the mark knows what is there now.
            Some(source) if may_hold => {
                let is_known = state.marked().is_some();
                reads.and_judged("previous", JwtSource::from(source), is_known)
            }
            _ => reads,
        };
        if intent == Intent::Make && is_bare { reads.and("roles", self.roles(at)) } else { reads }
    }

    fn roles(&self, at: At<'_, Taken>) -> Get {
        self.at(at.facts).list(["role"])
    }
}

/// The name of the read of a key's file.
pub(crate) fn key_name(index: usize) -> String {
    format!("pem_keys[{index}]")
}

/// Reads that a proof makes of what the graph file names.
trait AndJudged {
    /// With another. What is wrong with what it reads is an answer where it is `judged`, and a failure elsewhere.
    fn and_judged(self, name: impl Into<String>, read: impl trustpath_core::Read + 'static, judged: bool) -> Self;
}

impl AndJudged for Reads {
    fn and_judged(self, name: impl Into<String>, read: impl trustpath_core::Read + 'static, judged: bool) -> Self {
        if judged { self.and(name, answers::Judged(read)) } else { self.and(name, read) }
    }
}
