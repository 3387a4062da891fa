//! Carries out what happens with the real engine, and compares.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use proptest::sample::Index;
use serde_json::Value;
use tokio::runtime::Runtime;
use trustpath_core::{
    Class, Facts, Failure, Handles, Result,
    graph::{Graph, Selection},
    journal::{End, Journal, JournaledStep, Log, Record, Start, VERSION, Verb},
    run::{Cancel, Canceller, Consent, Engine, Outcome, RunPlan, Settings, graph_of},
};

use crate::{
    act::{Act, Edit, Stop, Trouble},
    disk::{Disk, lose_power},
    history::History,
    item::KINDS,
    process::{Client, Process},
    server::Server,
    shape::{GRAPH, Items, Shape, name},
    tally,
    verdict::{Ended, check_order},
};

/// Longer than anything that was sent is under way.
const LONG: Duration = Duration::from_secs(600);

pub(crate) struct World {
    runtime: Arc<Runtime>,
    directory: tempfile::TempDir,
    shape: Shape,
    server: Arc<Mutex<Server>>,
    runs: Vec<Run>,
}

/// A run that was begun, as far as it has to be known besides its journal.
#[derive(Debug, Clone)]
struct Run {
    path: PathBuf,
    before: Items,
    /// Another client, or a later run, may have changed what it made.
    disturbed: bool,
}

/// A process that continues a run, or begins one.
struct Going {
    run: usize,
    verb: Verb,
    chosen: Vec<String>,
    /// It was asked to go back.
    asked_back: bool,
    /// What was there, and what the journal said, before it sent anything.
    at_first: Items,
    earlier: History,
}

/// What a process came to: nothing where it died, or could not tell.
type Came = Option<(End, Vec<Failure>)>;

impl World {
    pub(crate) fn new(shape: Shape) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let server = Arc::new(Mutex::new(Server::new(shape.items.clone())));
        let directory = tempfile::tempdir().unwrap();
        Self { runtime: Arc::new(runtime), directory, shape, server, runs: Vec::new() }
    }

    pub(crate) fn act(&mut self, act: Act) {
        self.runtime.clone().block_on(async {
            match act {
                Act::Begin(verb, only, trouble) => self.begin(verb, only, trouble).await,
                Act::Resume(trouble) => self.resume(trouble).await,
                Act::Rollback(which, trouble) => self.rollback(which, trouble).await,
                Act::Edit(item, edit) => self.edit(&item, &edit).await,
                Act::Mend => self.fix().await,
            }
        });
    }

    /// With nothing going wrong any more, everything comes back; what another client edited once it is fixed.
    pub(crate) fn come_to_an_end(&mut self) {
        let calm = || Trouble { parallelism: 2, ..Trouble::default() };
        self.act(Act::Rollback(None, calm()));
        if self.open().is_some() {
            self.act(Act::Mend);
            self.act(Act::Rollback(None, calm()));
        }
        assert_eq!(self.open(), None, "a run is stuck for good");
    }

    async fn begin(&mut self, verb: Verb, only: Option<Vec<usize>>, trouble: Trouble) {
        if self.open().is_some() {
            return;
        }
        let path = self.directory.path().join(format!("{}.jsonl", self.runs.len()));
        let (canceller, cancel) = Canceller::new();
        let client = Client::new(self.server.clone(), without_late_edit(trouble), path.clone(), canceller);
        let engine = engine(self.shape.graph(), &client, cancel);
        let before = self.items();
        let Ok(plan) = engine.plan(verb, &self.selection(only)).await else {
            assert!(client.process().seen.is_empty() && self.items() == before, "a plan wrote");
            return;
        };
        self.runs.iter_mut().for_each(|run| run.disturbed = true);
        self.runs.push(Run { path: path.clone(), before, disturbed: false });
        let start = start(&engine, &plan);
        let run = self.runs.len() - 1;
        let at_first = self.runs[run].before.clone();
        let chosen = start.chosen.clone();
        let going = Going { run, verb, chosen, asked_back: false, at_first, earlier: History::default() };
        let came = alive(&client, async {
            let journal = Journal::on(path.clone(), Disk::open(&path, 0, client.clone()), 0);
            journal.append(Record::Start(start)).await?;
            engine.run(&plan, &journal).await.map(|ended| ended.outcome)
        });
        let came = came.await;
        self.compare(&going, &client, came);
        if History::read(&path).is_none() {
            self.runs.pop();
        }
    }

    async fn resume(&mut self, trouble: Trouble) {
        let Some(run) = self.open() else { return };
        let path = self.runs[run].path.clone();
        let earlier = History::read(&path).unwrap();
        if earlier.undo_started || earlier.end.is_some() {
            return;
        }
        if let Some((item, edit)) = &trouble.edit {
            self.edit(item, edit).await;
        }
        let (canceller, cancel) = Canceller::new();
        let client = Client::new(self.server.clone(), Trouble { edit: None, ..trouble }, path.clone(), canceller);
        let log = Log::read(&path).unwrap();
        let engine = engine(graph(&log), &client, cancel);
        let rest = engine.plan_remaining(&log).await;
        let items = self.items();
        let foreign: Vec<_> =
            earlier.standing().filter(|(item, known)| known.is_foreign(&items.get(*item).cloned())).collect();
        let rest = match rest {
            Ok(rest) => rest,
            Err(refused) => {
                assert!(client.process().seen.is_empty(), "what was refused wrote");
                let first = &refused.0[0];
                let edited = foreign.iter().any(|(item, _)| first.step() == Some(item));
                let neighbors = foreign.is_empty() && first.class() == Class::Refused;
                assert!((first.class() == Class::Conflict && edited) || neighbors, "{refused:?}");
                tally::count("refused to resume");
                return;
            }
        };
        assert!(foreign.is_empty(), "a run went on over what another client changed: {foreign:?}");
        let came = alive(&client, async {
            let journal = Journal::on(path.clone(), Disk::open(&path, log.sound, client.clone()), log.sound);
            engine.resume_in(&journal, &rest, "test").await.map(|ended| ended.outcome)
        });
        let came = came.await;
        let Start { verb, chosen, .. } = log.start.clone();
        self.compare(&Going { run, verb, chosen, asked_back: false, at_first: items, earlier }, &client, came);
    }

    async fn rollback(&mut self, which: Option<Index>, trouble: Trouble) {
        let any = || Some(which.map_or(self.runs.len().checked_sub(1)?, |which| which.index(self.runs.len())));
        let Some(run) = self.open().or_else(|| (!self.runs.is_empty()).then(any).flatten()) else { return };
        let path = self.runs[run].path.clone();
        let (earlier, items) = (History::read(&path).unwrap(), self.items());
        let (canceller, _) = Canceller::new();
        let client = Client::new(self.server.clone(), Trouble { edit: None, ..trouble }, path.clone(), canceller);
        let log = Log::read(&path).unwrap();
        let engine = engine(graph(&log), &client, Cancel::never());
        let came = alive(&client, async {
            let journal = Journal::on(path.clone(), Disk::open(&path, log.sound, client.clone()), log.sound);
            engine.rollback_in(&journal, &log.start).await.map(|ended| ended.outcome)
        });
        let came = came.await;
        let Start { verb, chosen, .. } = log.start.clone();
        self.compare(&Going { run, verb, chosen, asked_back: true, at_first: items, earlier }, &client, came);
    }

    async fn edit(&mut self, item: &str, edit: &Edit) {
        tokio::time::sleep(LONG).await;
        self.server.lock().unwrap().edit(item, edit);
        self.runs.iter_mut().for_each(|run| run.disturbed = true);
    }

    async fn fix(&mut self) {
        tokio::time::sleep(LONG).await;
        let Some(run) = self.open() else { return };
        let items = self.items();
        for (item, known) in History::read(&self.runs[run].path).unwrap().standing() {
            if known.is_foreign(&items.get(item).cloned()) {
                self.server.lock().unwrap().carry_out(item, known.before().clone());
            }
        }
    }

    /// Compares what a process came to with what it must have come to.
    fn compare(&mut self, going: &Going, client: &Client, came: Came) {
        let process = client.process();
        self.runs[going.run].disturbed |= process.disk_was_full || process.edited.is_some();
        let run = &self.runs[going.run];
        if let (true, Some(Stop::Record(_, _, true))) = (process.dead, process.trouble.stop) {
            lose_power(&run.path, process.synced);
        }
        assert!(process.wrong.is_empty(), "{:?}", process.wrong);
        check_order(&self.shape, going.verb, &process.seen);
        let history = History::read(&run.path);
        if history.is_some() {
            let log = Log::read(&run.path).expect("nothing that happens makes a journal unreadable");
            assert_eq!(log.start.chosen, going.chosen);
        }
        let history = history.unwrap_or_default();
        tally::count(came.as_ref().map_or("cut off", |(end, _)| words(*end)));
        match came {
            None => self.compare_cut_off(run, going, &history),
            Some((end, stuck)) => self.compare_ended(going, &history, &process, end, &stuck),
        }
    }

    fn compare_ended(&self, going: &Going, history: &History, process: &Process, end: End, stuck: &[Failure]) {
        assert_eq!(Some(words(end)), history.end.as_deref());
        let Going { verb, chosen, at_first, earlier, .. } = going;
        let shape = &self.shape;
        let ended = Ended { shape, verb: *verb, chosen, at_first, earlier, history, process, end, stuck };
        if !going.asked_back {
            ended.check_end();
        }
        ended.check_stuck();
        for (item, state) in ended.expected() {
            let mut server = self.server.lock().unwrap();
            assert_eq!(server.item(&item), state, "{item} after {end:?}, with {stuck:?}");
            assert_eq!(server.in_the_end().get(&item), state.as_ref(), "{item} in the end, after {end:?}");
        }
    }

    /// A process that was cut off has touched nothing but what it had announced, and made of it nothing else.
    fn compare_cut_off(&self, run: &Run, going: &Going, history: &History) {
        let standing = |history: &History, item: &str| history.items.get(item).is_some_and(|known| !known.undone);
        for item in (0..8).map(name) {
            let touched = standing(&going.earlier, &item) || standing(history, &item);
            for items in [self.items(), self.server.lock().unwrap().in_the_end()] {
                let state = items.get(&item).cloned();
                match history.items.get(&item).filter(|_| touched) {
                    Some(known) => assert!(run.disturbed || !known.is_foreign(&state), "{item} became {state:?}"),
                    None => assert_eq!(state.as_ref(), going.at_first.get(&item), "{item} was not announced"),
                }
            }
        }
    }

    /// The run that blocks others: it was cut off, or is stuck.
    fn open(&self) -> Option<usize> {
        let open = |run: &Run| {
            let end = History::read(&run.path).unwrap().end;
            end.is_none_or(|end| end == "stuck")
        };
        self.runs.iter().position(open)
    }

    fn items(&self) -> Items {
        self.server.lock().unwrap().items().clone()
    }

    fn selection(&self, only: Option<Vec<usize>>) -> Selection {
        let steps = self.shape.wanted.len();
        let only = only.into_iter().flatten().map(|step| name(step % steps)).collect();
        Selection { only, ..Selection::default() }
    }
}

/// Lets a process work until it is done, or dies.
async fn alive(client: &Client, work: impl Future<Output = Result<Outcome>>) -> Came {
    let outcome = tokio::select! {
        biased;
        () = client.death() => return None,
        outcome = work => outcome,
    };
    match outcome {
        _ if client.process().dead => None,
        // Its journal could not be written to its end.
        Err(failure) => {
            assert!(client.process().disk_was_full, "{failure:?}");
            None
        }
        Ok(Outcome::Done) => Some((End::Done, Vec::new())),
        Ok(Outcome::Kept(_)) => Some((End::Kept, Vec::new())),
        Ok(Outcome::RolledBack(_)) => Some((End::RolledBack, Vec::new())),
        Ok(Outcome::Stuck { undo, .. }) => Some((End::Stuck, undo)),
    }
}

fn engine(graph: Arc<Graph>, client: &Client, cancel: Cancel) -> Engine {
    let connection = client.clone();
    let handles = Handles::new().with(move || {
        let connection = connection.clone();
        async move { Ok(connection) }
    });
    let trouble = client.process().trouble.clone();
    let settings = Settings {
        parallelism: trouble.parallelism,
        step_timeout: Duration::from_secs(20),
        in_flight_timeout: Duration::from_secs(90),
        ..Settings::default()
    };
    let adopt = graph.nodes().iter().map(|node| node.name.to_string()).collect();
    let consent = Consent { adopt, keep: trouble.keep, ..Consent::default() };
    Engine::new(graph, Arc::new(handles))
        .with_settings(settings)
        .with_consent(consent)
        .with_cancel(cancel)
        .with_observer(Arc::new(client.clone()))
        .with_guard(Arc::new(client.clone()))
}

fn graph(log: &Log) -> Arc<Graph> {
    Arc::new(graph_of(&log.start, KINDS, &Facts::default()).unwrap())
}

fn start(engine: &Engine, plan: &RunPlan) -> Start {
    Start {
        version: VERSION,
        program: "test".into(),
        run: "run".into(),
        verb: plan.verb,
        graph: GRAPH.into(),
        chosen: plan.chosen().iter().map(|place| engine.graph().node(*place).name.to_string()).collect(),
        system: None,
        reason: None,
        consent: engine.consent().clone(),
        limits: engine.settings(),
        target: Default::default(),
        connections: Value::Null,
        steps: JournaledStep::of(engine.graph()),
    }
}

/// An item is not edited in between where a request of it may come late: which of the two came last is left open.
fn without_late_edit(trouble: Trouble) -> Trouble {
    let late = |item: &str| {
        let mut faults = trouble.forward.iter().filter(|((step, _), _)| step == item);
        faults.any(|(_, fault)| fault.late().is_some())
    };
    let edit = trouble.edit.clone().filter(|(item, _)| !late(item));
    Trouble { edit, ..trouble }
}

fn words(end: End) -> &'static str {
    match end {
        End::Done => "done",
        End::Kept => "kept",
        End::RolledBack => "rolled-back",
        End::Stuck => "stuck",
    }
}
