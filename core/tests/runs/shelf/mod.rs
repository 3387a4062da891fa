//! A server in memory that can be told to fail, a kind of step that keeps items on it, and engines that run such steps.

pub(crate) mod item;
mod requests;
mod setup;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::sync::{Barrier, Notify};
use trustpath_core::{Class, Connection, Handle, Identity, MissingRights, Problem, Result, Right, note_unacknowledged};

pub(crate) use self::{
    item::{ITEM, KINDS, Mutant},
    setup::{LIMITS, chain, engine, engine_of, graph, handles, journal, log_in, run, start, step},
};

pub(crate) const SECRET: &str = "hvs.the-secret-on-the-shelf";

/// What a request to the shelf does instead of what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Fails before anything changed.
    Refused,
    /// Fails after it changed what it should.
    LostAnswer,
    /// Never answers, after it changed what it should.
    Stalls,
    /// Never answers, and changes what it should only so much later.
    ComesLate(Duration),
    /// Answers at once, and does so much later once more what it did: an attempt that no one answered was repeated.
    Repeated(Duration),
}

type Stored = BTreeMap<String, BTreeMap<String, String>>;

#[derive(Clone, Default)]
pub(crate) struct Shelf {
    pub(crate) items: Arc<Mutex<Stored>>,
    pub(crate) log: Arc<Mutex<Vec<String>>>,
    /// What was looked at, in order.
    pub(crate) looks: Arc<Mutex<Vec<String>>>,
    /// By item: what its next write does, and how many writes do so.
    pub(crate) faults: Arc<Mutex<BTreeMap<String, (Fault, usize)>>>,
    pub(crate) id: Arc<Mutex<String>>,
    pub(crate) broken_links: Arc<Mutex<BTreeSet<String>>>,
    pub(crate) at_work: Arc<AtomicUsize>,
    pub(crate) most_at_work: Arc<AtomicUsize>,
    pub(crate) hook: Arc<Mutex<Option<Hook>>>,
    /// Writes wait here for each other: they come through only when as many are at work at the same time.
    pub(crate) meeting: Arc<Mutex<Option<Arc<Barrier>>>>,
    /// The rights that no one has here, by their words.
    pub(crate) forbidden: Arc<Mutex<BTreeSet<String>>>,
    /// Items that no one can look at.
    pub(crate) unseen: Arc<Mutex<BTreeSet<String>>>,
    /// Items that are not removed, because others use them.
    pub(crate) used_by_others: Arc<Mutex<BTreeSet<String>>>,
    /// How often more it cannot be seen whether others use an item that is to be removed.
    pub(crate) unsure: Arc<Mutex<BTreeMap<String, usize>>>,
    stop: Arc<Mutex<Option<Stop>>>,
    /// The only rights of whoever has this shelf, by their words; `None` where it has all.
    allowed: Option<Arc<BTreeSet<String>>>,
    /// Those that were used.
    pub(crate) used: Arc<Mutex<BTreeSet<String>>>,
}

/// A write at which everything stops, as when the process is killed.
struct Stop {
    writes_before: usize,
    /// Whether it is carried out.
    landed: bool,
    reached: Arc<Notify>,
}

/// Called with the item's name before each write.
pub(crate) type Hook = Box<dyn FnMut(&str) + Send>;

impl Handle for Shelf {
    const NAME: &'static str = "shelf";
}

#[async_trait]
impl Connection for Shelf {
    async fn identity(&self) -> Result<Identity> {
        Ok(Identity::from([("id".to_owned(), self.id.lock().unwrap().clone())]))
    }

    async fn missing_rights(&self, rights: &[Right]) -> Result<MissingRights> {
        let forbidden = self.forbidden.lock().unwrap();
        let missing = rights.iter().enumerate().filter(|(_, right)| forbidden.contains(&right.what));
        let missing = missing.map(|(asked, right)| (asked, right.clone())).collect();
        Ok(MissingRights { missing, unasked: vec!["the shelf does not say who may whistle".into()] })
    }

    async fn expand(&self, rights: Vec<Right>) -> Result<Vec<Vec<Right>>> {
        let each = |right: Right| match right.what.strip_suffix(" everything") {
            Some(verb) => ["bread", "salt"].map(|item| self::right(verb, item)).to_vec(),
            None => vec![right],
        };
        Ok(rights.into_iter().map(each).collect())
    }
}

/// A right on the shelf.
pub(crate) fn right(verb: &str, item: &str) -> Right {
    Right { system: Shelf::NAME, what: format!("{verb} {item}"), grant: json!({ verb: item }) }
}

impl Shelf {
    /// The same shelf for somebody who may do this and nothing else.
    pub(crate) fn limited(&self, allowed: BTreeSet<String>) -> Self {
        Self { allowed: Some(Arc::new(allowed)), used: Arc::default(), ..self.clone() }
    }

    fn uses(&self, verb: &str, item: &str) -> Result<()> {
        let what = right(verb, item).what;
        if self.allowed.as_ref().is_some_and(|allowed| !allowed.contains(&what)) {
            return Err(Problem::new(Class::Denied, "shelf::denied", format!("no right to {what}")).into());
        }
        self.used.lock().unwrap().insert(what);
        Ok(())
    }

    pub(crate) fn put(&self, item: &str, fields: &[(&str, &str)]) {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.items.lock().unwrap().insert(item.to_owned(), fields);
    }

    pub(crate) fn snapshot(&self) -> Value {
        json!(*self.items.lock().unwrap())
    }

    pub(crate) fn fail(&self, item: &str, fault: Fault, times: usize) {
        self.faults.lock().unwrap().insert(item.to_owned(), (fault, times));
    }

    /// Stops at the write after so many others, before or after it is carried out, and tells when it is reached.
    pub(crate) fn stop_at(&self, writes_before: usize, landed: bool) -> Arc<Notify> {
        let reached = Arc::new(Notify::new());
        *self.stop.lock().unwrap() = Some(Stop { writes_before, landed, reached: reached.clone() });
        reached
    }

    /// Stops no more.
    pub(crate) fn go_on(&self) {
        *self.stop.lock().unwrap() = None;
    }

    /// Whether this write is the one to stop at, and whether it is carried out.
    fn stops(&self) -> Option<bool> {
        let mut stop = self.stop.lock().unwrap();
        let stop = stop.as_mut()?;
        if stop.writes_before == 0 {
            stop.reached.notify_one();
            return Some(stop.landed);
        }
        stop.writes_before -= 1;
        None
    }

    pub(crate) fn writes(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    async fn store(&self, item: &str, fields: Option<BTreeMap<String, String>>) -> Result<()> {
        if let Some(hook) = &mut *self.hook.lock().unwrap() {
            hook(item);
        }
        let now = self.at_work.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_work.fetch_max(now, Ordering::SeqCst);
        let meeting = self.meeting.lock().unwrap().clone();
        if let Some(meeting) = meeting {
            meeting.wait().await;
        }
        tokio::task::yield_now().await;
        if let Some(landed) = self.stops() {
            if landed {
                self.change(item, fields);
            }
            return std::future::pending().await;
        }
        let fault = self.fault(item);
        if let Some(Fault::ComesLate(after) | Fault::Repeated(after)) = fault {
            let (shelf, item, fields) = (self.clone(), item.to_owned(), fields.clone());
            tokio::spawn(async move {
                tokio::time::sleep(after).await;
                shelf.change(&item, fields);
            });
        }
        if !matches!(fault, Some(Fault::Refused | Fault::ComesLate(_))) {
            self.change(item, fields);
        }
        self.at_work.fetch_sub(1, Ordering::SeqCst);
        match fault {
            None => Ok(()),
            Some(Fault::Repeated(_)) => {
                note_unacknowledged();
                Ok(())
            }
            Some(Fault::Stalls | Fault::ComesLate(_)) => std::future::pending().await,
            Some(_) => Err(Problem::new(Class::Rejected, "shelf::fault", format!("the shelf refuses {item}")).into()),
        }
    }

    fn change(&self, item: &str, fields: Option<BTreeMap<String, String>>) {
        self.log.lock().unwrap().push(format!("{} {item}", if fields.is_some() { "put" } else { "remove" }));
        let mut items = self.items.lock().unwrap();
        match fields {
            Some(fields) => drop(items.insert(item.to_owned(), fields)),
            None => drop(items.remove(item)),
        }
    }

    fn fault(&self, item: &str) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let (fault, left) = faults.get_mut(item)?;
        *left = left.checked_sub(1)?;
        Some(*fault)
    }
}
