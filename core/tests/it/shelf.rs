//! A server in memory that can be told to fail, and a kind of step that keeps items on it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::{Barrier, Notify};
use trustpath_core::{
    Act, Around, At, Class, Evidence, Fact, Facts, Handle, Handles, Identity, Kind, Lacking, Managed, Note, Problem,
    Released, Result, Right, Undo, Wanted,
    graph::{Graph, Spec, assemble},
    journal::{Journal, JournaledStep, Log, Start, VERSION, Verb},
    note_late,
    run::{Engine, RunPlan, graph_of},
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
    /// Answers at once, and does so much later once more what it did: an attempt that nobody answered was repeated.
    Repeated(Duration),
}

type Stored = BTreeMap<String, BTreeMap<String, String>>;

#[derive(Clone, Default)]
pub(crate) struct Shelf {
    pub(crate) items: Arc<Mutex<Stored>>,
    pub(crate) log: Arc<Mutex<Vec<String>>>,
    /// By item: what its next write does, and how many writes do so.
    pub(crate) faults: Arc<Mutex<BTreeMap<String, (Fault, usize)>>>,
    pub(crate) id: Arc<Mutex<String>>,
    pub(crate) broken_links: Arc<Mutex<BTreeSet<String>>>,
    pub(crate) at_work: Arc<AtomicUsize>,
    pub(crate) most_at_work: Arc<AtomicUsize>,
    pub(crate) hook: Arc<Mutex<Option<Hook>>>,
    /// Writes wait here for each other: they come through only when as many are at work at the same time.
    pub(crate) meeting: Arc<Mutex<Option<Arc<Barrier>>>>,
    /// The rights that nobody has here, by their words.
    pub(crate) forbidden: Arc<Mutex<BTreeSet<String>>>,
    /// Items that nobody can look at.
    pub(crate) unseen: Arc<Mutex<BTreeSet<String>>>,
    stop: Arc<Mutex<Option<Stop>>>,
}

/// A write at which everything stops, as when the process is killed.
struct Stop {
    writes_before: usize,
    /// Whether it is carried out.
    landed: bool,
    reached: Arc<Notify>,
}

/// Called with the item's name before each write.
pub(crate) type Hook = Box<dyn Fn(&str) + Send>;

#[async_trait]
impl Handle for Shelf {
    const NAME: &'static str = "shelf";

    async fn identity(&self) -> Result<Identity> {
        Ok(Identity::from([("id".to_owned(), self.id.lock().unwrap().clone())]))
    }

    async fn lacking(&self, rights: &[Right]) -> Result<Lacking> {
        let forbidden = self.forbidden.lock().unwrap();
        let missing = rights.iter().enumerate().filter(|(_, right)| forbidden.contains(&right.what));
        let missing = missing.map(|(asked, right)| (asked, right.clone())).collect();
        Ok(Lacking { missing, unasked: vec!["the shelf does not say who may whistle".into()] })
    }

    async fn spelled_out(&self, rights: Vec<Right>) -> Result<Vec<Vec<Right>>> {
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
        if let Some(hook) = &*self.hook.lock().unwrap() {
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
                note_late();
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

/// A step that breaks one law, for the conformance kit to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mutant {
    PlanWrites,
    AddsUp,
    NeverSettles,
    ForgetsOnUndo,
    CutOffForGood,
    GoneIsAnError,
    LeaksSecret,
    ImpureFacts,
}

/// An item on the shelf. Its first field is written by one request, the others by a second one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Item {
    item: String,
    #[serde(default)]
    fields: BTreeMap<String, String>,
    #[serde(default)]
    mutant: Option<Mutant>,
    #[serde(default)]
    irreversible: bool,
    #[serde(default)]
    provisional_without: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ItemState {
    fields: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    leaked: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct ItemRef(String);

impl Fact for ItemRef {
    const NAME: &'static str = "item";
}

pub(crate) const ITEM: Kind = Kind::managed::<Item>("item", "An item on the shelf");
pub(crate) static KINDS: &[&Kind] = &[&ITEM];

impl Item {
    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }
}

#[async_trait]
impl Managed for Item {
    type State = ItemState;
    type Around = bool;
    type Takes = Vec<ItemRef>;
    type Gives = ItemRef;

    fn systems(&self) -> &'static [&'static str] {
        &[Shelf::NAME]
    }

    fn gives(&self, _: &Vec<ItemRef>) -> ItemRef {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let asked = ASKED.fetch_add(1, Ordering::SeqCst);
        ItemRef(if self.is(Mutant::ImpureFacts) { asked.to_string() } else { self.item.clone() })
    }

    async fn observe(&self, at: At<'_, Vec<ItemRef>>) -> Result<Option<ItemState>> {
        let shelf = at.cx.handle::<Shelf>().await?;
        tokio::task::yield_now().await;
        if self.is(Mutant::PlanWrites) {
            shelf.put("seen", &[]);
        }
        if shelf.unseen.lock().unwrap().contains(&self.item) {
            return Err(Problem::new(Class::Denied, "shelf::unseen", "it is in the dark").into());
        }
        let mut fields = shelf.items.lock().unwrap().get(&self.item).cloned();
        if let Some(fields) = fields.as_mut().filter(|_| self.is(Mutant::ForgetsOnUndo)) {
            fields.remove("note");
        }
        let leaked = self.is(Mutant::LeaksSecret).then(|| SECRET.to_owned());
        Ok(fields.map(|fields| ItemState { fields, leaked }))
    }

    async fn survey(&self, at: At<'_, Vec<ItemRef>>, _: Around) -> Result<bool> {
        let shelf = at.cx.handle::<Shelf>().await?;
        let items = shelf.items.lock().unwrap();
        Ok(self.provisional_without.as_ref().is_some_and(|other| !items.contains_key(other)))
    }

    fn desired(
        &self,
        at: At<'_, Vec<ItemRef>>,
        provisional: &bool,
        now: Option<&ItemState>,
    ) -> Result<Wanted<ItemState>> {
        let mut fields = now.map(|now| now.fields.clone()).unwrap_or_default();
        let wanted = self.fields.iter().all(|(name, value)| fields.get(name) == Some(value));
        fields.extend(self.fields.clone());
        if now.is_none() || !wanted {
            fields.insert("mark".into(), at.cx.graph().into());
        }
        if let Some(other) = &self.provisional_without {
            let known = if *provisional { "known after apply" } else { other };
            fields.insert("other".into(), known.to_owned());
        }
        let leaked = self.is(Mutant::LeaksSecret).then(|| SECRET.to_owned());
        Ok(Wanted { state: ItemState { fields, leaked }, provisional: *provisional, notes: Vec::new() })
    }

    fn ours(&self, at: At<'_, Vec<ItemRef>>, _: &bool, now: &ItemState) -> bool {
        now.fields.get("mark").is_some_and(|mark| mark == at.cx.graph())
    }

    fn released(&self, _: At<'_, Vec<ItemRef>>, _: &bool, now: &ItemState) -> Result<Released<ItemState>> {
        if now.fields.contains_key("used") {
            return Ok(Released::kept(now.clone(), "somebody uses it"));
        }
        Ok(Released { state: None, notes: vec![Note::Info("it goes".into())] })
    }

    fn undoable(&self, _: Option<&ItemState>, _: Option<&ItemState>) -> Undo {
        if self.irreversible { Undo::No("the shelf forgets".into()) } else { Undo::Yes }
    }

    fn waypoints(&self, from: Option<&ItemState>, to: Option<&ItemState>) -> Result<Vec<Option<ItemState>>> {
        let (None, Some(to)) = (from, to) else {
            return Ok(vec![to.cloned()]);
        };
        let mut first = to.clone();
        first.fields.retain(|name, _| name == "mark");
        Ok(vec![Some(first), Some(to.clone())])
    }

    async fn write(&self, at: At<'_, Vec<ItemRef>>, _: Option<&ItemState>, to: Option<&ItemState>) -> Result<()> {
        let shelf = at.cx.handle::<Shelf>().await?;
        let there = shelf.items.lock().unwrap().get(&self.item).cloned();
        if to.is_none() && there.is_none() {
            let gone = Problem::new(Class::Missing, "shelf::gone", "it is gone already");
            return if self.is(Mutant::GoneIsAnError) { Err(gone.into()) } else { Ok(()) };
        }
        let mut fields = to.map(|to| to.fields.clone());
        if let Some(fields) = &mut fields {
            if self.is(Mutant::NeverSettles) {
                fields.remove("size");
            }
            if self.is(Mutant::AddsUp) {
                let times = there.and_then(|there| there.get("times").and_then(|times| times.parse().ok()));
                fields.insert("times".into(), times.map_or(0, |times: u32| times + 1).to_string());
            }
        }
        if self.is(Mutant::CutOffForGood) {
            shelf.put("half-done", &[]);
            tokio::task::yield_now().await;
            shelf.items.lock().unwrap().remove("half-done");
        }
        shelf.store(&self.item, fields).await
    }

    async fn prove(&self, at: At<'_, Vec<ItemRef>>, _: &ItemState) -> Result<Evidence> {
        let shelf = at.cx.handle::<Shelf>().await?;
        let broken = shelf.broken_links.lock().unwrap().contains(&self.item);
        let evidence = Evidence::new().passed("item exists", &self.item);
        Ok(if broken { evidence.failed("item holds", "it does not", "mend the shelf") } else { evidence })
    }

    fn rights(&self, _: At<'_, Vec<ItemRef>>, act: Act<'_, ItemState>) -> Vec<Right> {
        let item = |verb: &str| vec![right(verb, &self.item)];
        match act {
            Act::Observe => item("see"),
            Act::Survey(Around::Making, _) | Act::Rehearse(..) => Vec::new(),
            Act::Survey(Around::Removing, _) => vec![right("see", "everything")],
            Act::Write(None, Some(to)) => vec![Right { grant: json!(to.fields), ..right("make", &self.item) }],
            Act::Write(_, Some(to)) => vec![Right { grant: json!(to.fields), ..right("change", &self.item) }],
            Act::Write(_, None) => item("take"),
            Act::WriteUnseen => ["make", "change", "take"].map(|verb| right(verb, &self.item)).to_vec(),
            Act::Prove(_) => item("try"),
        }
    }
}

/// One step for a graph: name, needs, and the rest of its configuration.
pub(crate) fn step(name: &str, needs: &[&str], with: Value) -> Spec {
    let mut with = with;
    with.as_object_mut().unwrap().entry("item").or_insert_with(|| json!(name));
    Spec {
        name: name.into(),
        uses: "item".into(),
        needs: needs.iter().map(|need| (*need).to_owned()).collect(),
        step: ITEM.from_json(with.clone()).unwrap(),
        with,
    }
}

pub(crate) fn graph(specs: Vec<Spec>) -> Arc<Graph> {
    Arc::new(assemble("test", &Facts::default(), specs).unwrap())
}

/// a ← b ← c, each with one field.
pub(crate) fn chain() -> Arc<Graph> {
    graph(vec![
        step("a", &[], json!({"fields": {"size": "1"}})),
        step("b", &["a"], json!({"fields": {"size": "2"}})),
        step("c", &["b"], json!({"fields": {"size": "3"}})),
    ])
}

pub(crate) fn handles(shelf: &Shelf) -> Arc<Handles> {
    let shelf = shelf.clone();
    Arc::new(Handles::new().with(move || {
        let shelf = shelf.clone();
        async move { Ok(shelf) }
    }))
}

pub(crate) fn engine(graph: &Arc<Graph>, shelf: &Shelf) -> Engine {
    let settings = trustpath_core::run::Settings { step_timeout: Duration::from_secs(20), ..Default::default() };
    Engine::new(graph.clone(), handles(shelf)).with_settings(settings)
}

/// A journal in a directory of its own.
pub(crate) async fn journal(engine: &Engine, plan: &RunPlan, directory: &std::path::Path) -> Journal {
    let run = format!("{:?}-{}", plan.verb, std::fs::read_dir(directory).unwrap().count());
    Journal::begin(directory.join(format!("{run}.jsonl")), start(engine, plan, &run).await).await.unwrap()
}

/// The first record of a run's journal.
pub(crate) async fn start(engine: &Engine, plan: &RunPlan, run: &str) -> Start {
    Start {
        version: VERSION,
        program: "test".into(),
        run: run.to_owned(),
        verb: plan.verb,
        graph: engine.graph().id().into(),
        chosen: plan.chosen().iter().map(|place| engine.graph().node(*place).name.to_string()).collect(),
        permissions: engine.permissions().clone(),
        limits: engine.settings(),
        target: engine.handles().target().await.unwrap(),
        connections: Value::Null,
        steps: JournaledStep::of(engine.graph()),
    }
}

/// The journal of the run of a verb.
pub(crate) fn log_in(directory: &tempfile::TempDir, verb: &str) -> Log {
    let paths = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path());
    let mut named = paths.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(verb));
    Log::read(&named.next().unwrap()).unwrap()
}

/// An engine as another process would have it: from the journal alone.
pub(crate) fn engine_of(log: &Log, shelf: &Shelf) -> Engine {
    let graph = graph_of(&log.start, KINDS, &Facts::default()).unwrap();
    Engine::new(Arc::new(graph), handles(shelf))
        .with_settings(log.start.limits)
        .with_permissions(log.start.permissions.clone())
}

/// Plans and runs; panics when the plan fails.
pub(crate) async fn run(engine: &Engine, verb: Verb, directory: &std::path::Path) -> trustpath_core::run::Ended {
    let plan = engine.plan(verb, &Default::default()).await.unwrap();
    engine.run(&plan, &journal(engine, &plan, directory).await).await.unwrap()
}
