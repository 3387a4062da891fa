//! One process of the program: what it sends, and where it ends.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use tokio::{sync::Notify, time::Instant};
use trustpath_core::{
    Class, Connection, Handle, Identity, Problem, Result, note_unacknowledged,
    run::{Canceller, Event, Guard, Observer},
};

use crate::{
    act::{Fate, Fault, Stop, Trouble},
    history,
    server::{Seen, Server},
    shape::Fields,
};

/// What a process has come to, seen from outside.
#[derive(Debug)]
pub(crate) struct Process {
    begun: Instant,
    pub(crate) trouble: Trouble,
    pub(crate) dead: bool,
    pub(crate) records: usize,
    pub(crate) seen: Vec<Seen>,
    /// What each item was when its step began to be taken back.
    pub(crate) looked: BTreeMap<String, Option<Fields>>,
    /// The item that another client changed meanwhile.
    pub(crate) edited: Option<String>,
    /// Whether a record could not be written.
    pub(crate) disk_was_full: bool,
    /// Where the journal lies, and how much of it survives a power cut.
    pub(crate) journal: PathBuf,
    pub(crate) synced: u64,
    /// What must never happen.
    pub(crate) wrong: Vec<String>,
}

impl Process {
    fn lock_left(&self) -> Duration {
        let lost = self.trouble.lock.map(|lasts| self.begun + lasts);
        lost.map_or(Duration::MAX, |lost| lost.saturating_duration_since(Instant::now()))
    }
}

/// The process's connection to the server; also its observer, and its lock.
#[derive(Clone)]
pub(crate) struct Client {
    process: Arc<Mutex<Process>>,
    server: Arc<Mutex<Server>>,
    canceller: Canceller,
    died: Arc<Notify>,
}

impl Client {
    pub(crate) fn new(server: Arc<Mutex<Server>>, trouble: Trouble, journal: PathBuf, canceller: Canceller) -> Self {
        let process = Process {
            begun: Instant::now(),
            trouble,
            dead: false,
            records: 0,
            seen: Vec::new(),
            looked: BTreeMap::new(),
            edited: None,
            disk_was_full: false,
            journal,
            synced: 0,
            wrong: Vec::new(),
        };
        Self { process: Arc::new(Mutex::new(process)), server, canceller, died: Arc::default() }
    }

    pub(crate) fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap()
    }

    /// The process is no more: it sends nothing, and writes nothing.
    pub(crate) fn die(&self) {
        self.process().dead = true;
        self.died.notify_one();
    }

    /// Returns when it has died.
    pub(crate) async fn death(&self) {
        self.died.notified().await;
    }

    pub(crate) async fn read(&self, item: &str) -> Option<Fields> {
        tokio::task::yield_now().await;
        self.server.lock().unwrap().item(item)
    }

    pub(crate) fn holds(&self, item: &str) -> bool {
        self.process().trouble.broken.as_deref() != Some(item)
    }

    pub(crate) async fn write(&self, item: &str, to: Option<Fields>) -> Result<()> {
        tokio::task::yield_now().await;
        if self.ends_here(item, &to) {
            return std::future::pending().await;
        }
        let fault = self.take(item, &to);
        self.deliver(item, to, fault);
        match fault {
            None => Ok(()),
            Some(Fault::Repeated(_)) => {
                note_unacknowledged();
                Ok(())
            }
            Some(Fault::Stalls | Fault::ComesLate(_)) => std::future::pending().await,
            Some(Fault::Refused | Fault::LostAnswer) => {
                Err(Problem::new(Class::Rejected, "server::fault", format!("the server refuses {item}")).into())
            }
        }
    }

    /// Whether the process has ended, or this is the request at which it ends.
    fn ends_here(&self, item: &str, to: &Option<Fields>) -> bool {
        let (dead, nth, stop) = {
            let process = self.process();
            (process.dead, process.seen.len(), process.trouble.stop)
        };
        let fate = match stop {
            _ if dead => return true,
            Some(Stop::Request(at, fate)) if at == nth => fate,
            _ => return false,
        };
        self.take(item, to);
        let mut server = self.server.lock().unwrap();
        match fate {
            Fate::Lost => {}
            Fate::CarriedOut => server.carry_out(item, to.clone()),
            Fate::CarriedOutLate(after) => server.carry_out_late(after, item, to.clone()),
        }
        self.die();
        true
    }

    /// Takes a request in: what has to be true of it is looked at, and what it comes to is decided.
    fn take(&self, item: &str, to: &Option<Fields>) -> Option<Fault> {
        let mut process = self.process();
        let back = process.looked.contains_key(item);
        // During the undo the server comes before the log, where the disk is full.
        let announced = history::announced(&process.journal, process.synced, item, to, back);
        if !(announced || back && process.disk_was_full) {
            process.wrong.push(format!("a request for {item} was not announced on disk before it was sent"));
        }
        let nth = process.seen.len();
        if process.lock_left().is_zero() {
            process.wrong.push(format!("a request for {item} was sent after the lock was lost"));
        }
        if process.trouble.cancel == Some(nth) {
            self.canceller.cancel();
        }
        let before = process.seen.iter().filter(|seen| seen.item == item && seen.back == back).count();
        let fault = match back {
            false => process.trouble.forward.get(&(item.to_owned(), before)).copied(),
            true => process.trouble.back.get(item).and_then(|faults| faults.get(before)).copied(),
        };
        process.seen.push(Seen { item: item.to_owned(), to: to.clone(), back, fault });
        fault
    }

    fn deliver(&self, item: &str, to: Option<Fields>, fault: Option<Fault>) {
        let mut server = self.server.lock().unwrap();
        if let Some(after) = fault.and_then(Fault::late) {
            server.carry_out_late(after, item, to.clone());
        }
        if fault.is_none_or(Fault::lands) {
            server.carry_out(item, to);
        }
    }
}

impl Handle for Client {
    const NAME: &'static str = "server";
}

#[async_trait]
impl Connection for Client {
    async fn identity(&self) -> Result<Identity> {
        Ok(Identity::new())
    }
}

impl Observer for Client {
    fn event(&self, step: &str, event: Event<'_>) {
        let mut process = self.process();
        let mut server = self.server.lock().unwrap();
        match event {
            Event::Undoing => drop(process.looked.insert(step.to_owned(), server.item(step))),
            Event::Applied => match &process.trouble.edit {
                Some((item, edit)) if item == step && !process.dead => {
                    server.edit(item, edit);
                    process.edited = Some(step.to_owned());
                }
                _ => {}
            },
            _ => {}
        }
    }
}

impl Guard for Client {
    fn remaining(&self) -> Duration {
        self.process().lock_left()
    }
}
