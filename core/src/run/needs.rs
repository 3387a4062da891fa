//! What a run needs of the systems: the rights of its steps, put together. Pure, but for what is spelled out.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    sync::Arc,
    time::Duration,
};

use serde_json::Value;

use crate::{
    contract::{Demand, Handles, Purpose, Right},
    failure::Failure,
};

/// Who needs a right: a step by its name, or the run itself.
pub type Requester = Option<Arc<str>>;

/// A right, and what needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct RequiredRight {
    /// The right.
    pub right: Right,
    /// What it is used for in detail, each once, for the system's own handle.
    pub grants: Vec<Value>,
    /// Who needs it, and for which verbs.
    pub by: RequestedBy,
}

/// Who needs something, and for which verbs. Shown as `` `policy`: apply, rollback; `role`: verify ``.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestedBy(pub BTreeMap<Requester, BTreeSet<Purpose>>);

impl RequestedBy {
    /// Adds what another client needs it for.
    pub fn extend(&mut self, more: &Self) {
        for (who, purposes) in &more.0 {
            self.0.entry(who.clone()).or_default().extend(purposes);
        }
    }
}

impl fmt::Display for RequestedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (who, purposes)) in self.0.iter().enumerate() {
            f.write_str(if position == 0 { "" } else { "; " })?;
            match who {
                Some(step) => write!(f, "`{step}`: ")?,
                None => f.write_str("the run itself: ")?,
            }
            let verbs: Vec<_> = purposes.iter().map(|purpose| purpose.name()).collect();
            f.write_str(&verbs.join(", "))?;
        }
        Ok(())
    }
}

/// Rights, each once, in the order in which they were first needed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RequiredRights {
    all: Vec<RequiredRight>,
    /// Where in `all` a right is, by its system and its words.
    at: HashMap<(&'static str, String), usize>,
    /// How many requests are made of each system at most.
    requests: BTreeMap<&'static str, usize>,
    time: Duration,
    plans_again: bool,
}

impl RequiredRights {
    /// All of them.
    pub fn all(&self) -> &[RequiredRight] {
        &self.all
    }

    /// Those of one system.
    pub fn of<'a>(&'a self, system: &'a str) -> impl Iterator<Item = &'a RequiredRight> {
        self.all.iter().filter(move |need| need.right.system == system)
    }

    /// The systems, in alphabetical order.
    pub fn systems(&self) -> BTreeSet<&'static str> {
        self.all.iter().map(|need| need.right.system).collect()
    }

    /// What is asked of the credentials of one system.
    pub fn demand(&self, system: &str) -> Demand {
        Demand {
            requests: self.requests.get(system).copied().unwrap_or_default(),
            rights: self.of(system).map(|need| need.right.clone()).collect(),
            plans_again: self.plans_again,
            time: self.time,
        }
    }

    /// With these besides, for something that is done as well.
    #[must_use]
    pub fn and(mut self, more: Self) -> Self {
        for (system, requests) in more.requests {
            self.count_more(system, requests);
        }
        self.time += more.time;
        self.plans_again |= more.plans_again;
        more.all.into_iter().for_each(|need| self.merge(need));
        self
    }

    /// The same, where all is planned once more before anything is done.
    #[must_use]
    pub fn planned_again(self, plans_again: bool) -> Self {
        Self { plans_again, ..self }
    }

    pub(super) fn taking(self, time: Duration) -> Self {
        Self { time, ..self }
    }

    /// Counts the requests of something that a step does: one for each right, which is used once, and one for what needs no
    /// right, such as looking at the mounts, or at the version that a write replaces.
    pub(super) fn count(&mut self, systems: &[&'static str], rights: &[Right]) {
        for system in systems {
            let used = rights.iter().filter(|right| right.system == *system).count();
            self.count_more(system, used + 1);
        }
    }

    pub(super) fn count_more(&mut self, system: &'static str, requests: usize) {
        let counted = self.requests.entry(system).or_default();
        *counted = counted.saturating_add(requests);
    }

    pub(super) fn add(&mut self, who: &Requester, purpose: Purpose, rights: Vec<Right>) {
        let by = RequestedBy([(who.clone(), [purpose].into())].into());
        for right in rights {
            self.merge(RequiredRight { grants: vec![right.grant.clone()], right, by: by.clone() });
        }
    }

    fn merge(&mut self, more: RequiredRight) {
        let place = *self.at.entry((more.right.system, more.right.what.clone())).or_insert(self.all.len());
        let Some(need) = self.all.get_mut(place) else {
            self.all.push(more);
            return;
        };
        for grant in more.grants {
            if !need.grants.contains(&grant) {
                need.grants.push(grant);
            }
        }
        need.by.extend(&more.by);
    }

    /// The same with every right that stands for many replaced by those, as the systems have them. Those of a system
    /// that does not answer stay as they are; its failure is answered too.
    pub async fn spelled_out(&self, handles: &Handles) -> (Self, Vec<Failure>) {
        let (mut spelled, mut failures) = (Self::default(), Vec::new());
        for system in self.systems() {
            let needs: Vec<_> = self.of(system).collect();
            let rights: Vec<_> = needs.iter().map(|need| need.right.clone()).collect();
            let expanded = async { handles.named(system).await?.expand(rights.clone()).await };
            let each = expanded.await.unwrap_or_else(|failure| {
                failures.push(failure);
                rights.into_iter().map(|right| vec![right]).collect()
            });
            needs.into_iter().zip(each).for_each(|(need, each)| spelled.replace(need, each));
        }
        (spelled, failures)
    }

    fn replace(&mut self, need: &RequiredRight, each: Vec<Right>) {
        for right in each {
            let grants = if right == need.right { need.grants.clone() } else { vec![right.grant.clone()] };
            self.merge(RequiredRight { right, grants, by: need.by.clone() });
        }
    }
}
