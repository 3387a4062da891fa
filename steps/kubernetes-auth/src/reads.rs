//! What is read before anything is decided, by name.

use async_trait::async_trait;
use trustpath_core::{Answer, Answers, At, Class, Context, Intent, Read, Reads, Result, Right, Seen, failure::Report};
use trustpath_platform::{
    kubernetes::ClusterUid,
    text_source::{NamedFile, TextSource},
    vault::Get,
};

use crate::{
    Taken,
    api_service::ApiService,
    config::{Ca, KubernetesAuth},
    document::may_hold_jwt,
    jwt::JwtSource,
    making::{Connected, key_name},
    place::WhereVaultIs,
    state::{HOST, State, TYPE},
};

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
                let reads = first.and("config", Get::new(namespace, self.auth_mount(at.facts).below(["config"])));
                self.after_config(at, intent, reads, state, answers)
            }
            _ => first,
        }
    }

    /// What host, CA and reviewer depend on. A proof tells what is wrong with them.
    fn surroundings(&self, at: At<'_, Taken>, reads: Reads, is_proof: bool) -> Reads {
        let mut reads = judged(judged(reads, "cluster", ClusterUid, is_proof), "here", Connected, is_proof);
        if self.asks_for_place(at.facts) {
            reads = judged(reads, "place", WhereVaultIs { url: at.facts.0.url.clone() }, is_proof);
        }
        if let Ca::File(file) = &self.ca {
            reads = judged(reads, "ca", TextSource::File(NamedFile { file: file.clone() }), is_proof);
        }
        for (index, key) in self.pem_keys.iter().flatten().enumerate() {
            reads = judged(reads, key_name(index), key.clone(), is_proof);
        }
        match self.source(at.facts) {
            Some(source) => judged(reads, "reviewer", source, is_proof),
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
        let host = state.config.as_ref().map(|config| config.text(HOST)).unwrap_or_default();
        let reads = match ApiService::read(host) {
            Some(service) if matches!(intent, Intent::Make | Intent::Verify) => reads.and(ApiService::READ, service),
            _ => reads,
        };
        let reads = match &self.previous_reviewer {
            // It has served, and may be gone where the mark knows what is there now.
            Some(source) if may_hold => judged(reads, "previous", JwtSource::from(source), state.marked().is_some()),
            _ => reads,
        };
        if intent == Intent::Make && is_bare { reads.and("roles", self.roles(at)) } else { reads }
    }

    fn roles(&self, at: At<'_, Taken>) -> Get {
        self.auth_mount(at.facts).list(["role"])
    }
}

/// With a read whose failure is an answer where it is `judged`, and a failure elsewhere.
fn judged(reads: Reads, name: impl Into<String>, read: impl Read + 'static, judged: bool) -> Reads {
    if judged { reads.and(name, Judged(read)) } else { reads.and(name, read) }
}

/// A read whose failure is an answer where something is wrong with what the graph file names. A server that cannot be
/// asked is a failure still.
#[derive(Debug)]
struct Judged<R>(R);

#[async_trait]
impl<R: Read> Read for Judged<R> {
    fn rights(&self) -> Vec<Right> {
        self.0.rights()
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        match self.0.perform(cx).await {
            Err(failure) if is_told(failure.class()) => Ok(Answer::Failed(failure.report())),
            answer => answer,
        }
    }
}

pub(crate) fn is_told(class: Class) -> bool {
    matches!(class, Class::Config | Class::Missing | Class::Conflict | Class::Refused)
}

/// Why it does not hold, and what to do next, in the words of a failure.
pub(crate) fn told(report: Report) -> (String, String) {
    let why = [vec![report.message], report.causes].concat().join(": ");
    (why, report.help.unwrap_or_default())
}
