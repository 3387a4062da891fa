//! What the mount and its config should be, whose they are, and what destroy leaves. Pure.

use serde_json::Value;
use trustpath_core::{Answers, At, Class, Context, Decision, Note, Problem, Result, Reversibility};
use trustpath_platform::{
    digest::Digest,
    mark::{Mark, Owner},
    text::{clean, listed},
    vault::backend::{MountState, roles_that_go},
};

use crate::{
    Taken,
    config::{KubernetesAuth, ReviewerChoice},
    making::{Making, read},
    marked, owner,
    state::{Config, Reviewer, State, TYPE},
};

impl KubernetesAuth {
    pub(crate) fn wants(
        &self,
        (cx, adopts): (&Context, bool),
        around: &Making,
        now: Option<&State>,
    ) -> Result<Decision<State>, Problem> {
        self.check_description()?;
        if let Some(now) = now.filter(|now| now.mount.kind != TYPE) {
            return Err(other_type(self.mount.as_str(), &now.mount.kind));
        }
        let kept = self.kept(around, now)?;
        let (config, mut notes) = self.target(around, now.and_then(|now| now.config.as_ref()), kept)?;
        kept.map(|kept| self.check_kept(kept, &config)).transpose()?;
        let check = |now| owner::check(self.mount.as_str(), (cx, adopts), around, now, &config);
        notes.extend(now.map(check).transpose()?.flatten());
        let ours = now.is_some_and(|now| owner::is_ours(cx.graph(), around, now, &config));
        let provisional = config.reviewer == Reviewer::NotYet;
        let mut state = self.managed(now, config);
        let takes_over = kept.is_some() && (adopts || self.reviewer != ReviewerChoice::Keep);
        let lacks_mark = |now| is_to_be_marked(cx.graph(), around, now, takes_over);
        if now.is_none_or(|now| *now != state || now.unconfirmed().is_some() || lacks_mark(now)) {
            let mark = Mark::new(cx.graph()).of(Some(&around.cluster));
            state.mount.mark = Some(marked::naming(mark, state.reviewer().digest()));
        }
        let undo = now.map_or(Reversibility::Full, |now| self.undo(around, now, &state));
        Ok(Decision { provisional, reversibility: undo, ..Decision::to(Some(state), ours).noting(notes) })
    }

    /// What an apply makes, as far as the graph file says it: for the rights of what could not be planned.
    pub(crate) fn unseen(&self, graph: &str, sourced: bool) -> State {
        let reviewer = if sourced { Reviewer::Jwt(Digest::of("")) } else { Reviewer::None };
        let mut state = self.managed(None, self.config(None, reviewer, ["", ""], Value::Null));
        state.mount.mark = Some(marked::naming(Mark::new(graph), state.reviewer().digest()));
        state
    }

    /// What there is, with what is managed as it should be. The mark stays as it is.
    fn managed(&self, now: Option<&State>, config: Config) -> State {
        let mut state = now.cloned().unwrap_or_else(|| State { mount: MountState::new(TYPE), ..State::default() });
        if let Some(description) = &self.description {
            state.mount.description.clone_from(description);
        }
        self.tune.onto(&mut state.mount.tune);
        state.config = Some(config);
        state
    }

    fn check_description(&self) -> Result<(), Problem> {
        let description = self.description.as_deref().unwrap_or_default();
        if !description.contains("[trustpath ") {
            return Ok(());
        }
        let message = "`description` holds a mark, which the program writes by itself";
        Err(Problem::new(Class::Config, "trustpath::kubernetes_auth::description", message)
            .help("leave `[trustpath …]` out of it"))
    }

    /// What is left of a mount that bears the mark of this graph. The roles that go before it do are this graph's own, each of a
    /// step.
    pub(crate) fn removal(&self, at: At<'_, Taken>, answers: &Answers, now: &State) -> Result<Decision<State>> {
        let cluster: Option<String> = answers.get("cluster")?;
        let owner = owner::of(at.cx.graph(), cluster.as_deref(), &now.mount);
        let (goes_with, own) = roles_that_go(at.cx, self.mount.as_str());
        if let Some(kept) = owner.keeps(self.mount.as_str(), now) {
            return Ok(Decision { goes_with, ..kept });
        }
        let why = self.keep_because(answers, &own)?;
        let to = why.is_some().then(|| now.clone());
        let undo = if to.is_none() { self.undo_of_removal(at.facts, now) } else { Reversibility::Full };
        Ok(Decision {
            reversibility: undo,
            goes_with,
            ..Decision::to(to, owner != Owner::Other).noting(why.map(Note::Left))
        })
    }

    fn keep_because(&self, answers: &Answers, own: &[String]) -> Result<Option<String>> {
        let mount = &self.mount;
        if let Some(why) = answers.refused("roles") {
            return Ok(Some(format!("the roles of the mount `{mount}` may not be listed: {why}")));
        }
        let is_own = |role: &&String| own.iter().any(|own| own.eq_ignore_ascii_case(role));
        let roles: Vec<String> = read(answers, "roles")?;
        let others: Vec<_> = roles.iter().filter(|role| !is_own(role)).map(|role| clean(role)).collect();
        let has = || format!("the mount `{mount}` has roles that are not this graph's: {}", listed(&others));
        Ok((!others.is_empty()).then(has))
    }

    /// Whether a change can be taken back.
    pub(crate) fn undo(&self, around: &Making, from: &State, to: &State) -> Reversibility {
        if from.config == to.config {
            return Reversibility::Full;
        }
        if from.config.is_none() && !around.roles.is_empty() {
            let roles = listed(&around.roles);
            return Reversibility::Lossy(format!(
                "Vault removes a config only with its mount, and that has the roles {roles}"
            ));
        }
        let at_hand = [&around.jwt, &around.previous].map(|jwt| jwt.as_ref().map(|jwt| &jwt.digest));
        self.undo_of_reviewer(from.reviewer(), |digest| at_hand.contains(&Some(digest)))
    }

    /// Whether a JWT that is removed can come back is known when its source is read again: one that is given is trusted.
    pub(crate) fn undo_of_removal(&self, facts: &Taken, from: &State) -> Reversibility {
        let is_given = self.source(facts).is_some() || self.previous_reviewer.is_some();
        self.undo_of_reviewer(from.reviewer(), |_| is_given)
    }

    fn undo_of_reviewer(&self, reviewer: &Reviewer, at_hand: impl Fn(&Digest) -> bool) -> Reversibility {
        match reviewer {
            Reviewer::None | Reviewer::NotYet => Reversibility::Full,
            Reviewer::Jwt(digest) if at_hand(digest) => Reversibility::Full,
            Reviewer::Jwt(digest) if self.previous_reviewer.is_some() => Reversibility::NeedsInput(format!(
                "another `previous_reviewer` in its `with`: the reviewer JWT that is there is {digest}, and the one given \
                 is not"
            )),
            Reviewer::Jwt(_) | Reviewer::Unknown => Reversibility::NeedsInput(
                "`previous_reviewer` in its `with`: the file or Secret that holds the reviewer JWT which is there now, as \
                 Vault does not give it back"
                    .to_owned(),
            ),
        }
    }
}

/// Whether the mark is this graph's, and lacks this cluster; what is kept is taken over by its mark alone.
fn is_to_be_marked(graph: &str, around: &Making, now: &State, takes_over: bool) -> bool {
    match owner::of(graph, Some(&around.cluster), &now.mount) {
        Owner::Ours => false,
        Owner::Unnamed | Owner::OtherCluster(_) => true,
        Owner::Other => takes_over,
    }
}

fn other_type(mount: &str, kind: &str) -> Problem {
    let message = format!("at `{mount}` there is an auth mount of the type `{}`", clean(kind));
    Problem::new(Class::Conflict, "trustpath::kubernetes_auth::other_type", message)
        .help(format!("choose another path, with `mount = \"{mount}-…\"` in the graph file"))
}
