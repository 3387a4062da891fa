//! What happens next, and what goes wrong meanwhile.

use std::{collections::BTreeMap, time::Duration};

use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::*,
    sample::{Index, select},
};
use trustpath_core::journal::Verb;

use crate::shape::name;

/// One command, or another client's doing.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// A run of these steps, or of all; where an earlier one is open, nothing.
    Begin(Verb, Option<Vec<usize>>, Trouble),
    /// The open run is carried to its end, where its undo had not begun.
    Resume(Trouble),
    /// The open run is taken back, or else an earlier one: the latest, or any.
    Rollback(Option<Index>, Trouble),
    /// Another client changes an item.
    Edit(String, Edit),
    /// Somebody puts what was edited back by hand.
    Mend,
}

/// What another client does to an item.
#[derive(Debug, Clone)]
pub(crate) enum Edit {
    Set(String, String),
    Remove,
}

/// What goes wrong during a command.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trouble {
    pub(crate) parallelism: usize,
    pub(crate) keep: bool,
    /// What the nth request of a step on the way forward comes to.
    pub(crate) forward: BTreeMap<(String, usize), Fault>,
    /// What the requests of a step during the undo come to, one after the other.
    pub(crate) back: BTreeMap<String, Vec<Fault>>,
    /// The link of this step does not hold.
    pub(crate) broken: Option<String>,
    /// Ctrl-C at the nth request.
    pub(crate) cancel: Option<usize>,
    /// The process ends here.
    pub(crate) stop: Option<Stop>,
    /// Another client changes an item: as soon as its step is made, or else before a run that was cut off goes on.
    pub(crate) edit: Option<(String, Edit)>,
    /// From this record on, so many cannot be written.
    pub(crate) disk_full: Option<(usize, usize)>,
    /// How long the lock of the run lasts, which is not renewed any more.
    pub(crate) lock: Option<Duration>,
}

/// What a request comes to instead of an answer.
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
    /// Is answered at once, and carried out once more so much later.
    Repeated(Duration),
}

/// Where a process ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stop {
    /// At its nth request, of which this becomes.
    Request(usize, Fate),
    /// At the nth record of its journal, of which this is left, and with it the power of the machine or not.
    Record(usize, Left, bool),
}

/// What becomes of the last request of a process.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fate {
    Lost,
    CarriedOut,
    CarriedOutLate(Duration),
}

/// What is left of the last record of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    Nothing,
    Torn,
    Unsynced,
    Synced,
}

impl Fault {
    /// Whether the client is told, or has to assume, that it failed.
    pub(crate) fn fails(self) -> bool {
        !matches!(self, Self::Repeated(_))
    }

    pub(crate) fn late(self) -> Option<Duration> {
        match self {
            Self::ComesLate(after) | Self::Repeated(after) => Some(after),
            Self::Refused | Self::LostAnswer | Self::Stalls => None,
        }
    }

    /// Whether it is carried out at once.
    pub(crate) fn lands(self) -> bool {
        !matches!(self, Self::Refused | Self::ComesLate(_))
    }
}

impl Act {
    pub(crate) fn may_leave_open(&self) -> bool {
        match self {
            Self::Begin(_, _, trouble) | Self::Resume(trouble) | Self::Rollback(_, trouble) => trouble.may_leave_open(),
            Self::Edit(..) | Self::Mend => false,
        }
    }

    /// Whether it makes what the graph says, or takes it away.
    pub(crate) fn makes(&self) -> Option<bool> {
        match self {
            Self::Begin(verb, ..) => Some(*verb == Verb::Apply),
            Self::Rollback(..) => Some(false),
            Self::Resume(_) | Self::Edit(..) | Self::Mend => None,
        }
    }

    /// Whether it deals with a run that was left open.
    pub(crate) fn goes_on(&self) -> bool {
        matches!(self, Self::Resume(_) | Self::Rollback(..))
    }
}

impl Trouble {
    fn may_leave_open(&self) -> bool {
        let Self { back, stop, edit, disk_full, lock, .. } = self;
        !back.is_empty() || stop.is_some() || edit.is_some() || disk_full.is_some() || lock.is_some()
    }
}

/// Where no run is open; rather what there is something to do for: it was `made`, or not.
pub(crate) fn beginning(steps: usize, made: bool) -> impl Strategy<Value = Act> {
    let verb = prop::bool::weighted(0.2).prop_map(move |again| if again == made { Verb::Apply } else { Verb::Destroy });
    let only = option::weighted(0.2, vec(0..steps, 1..4));
    prop_oneof![
        6 => (verb, only, trouble(steps)).prop_map(|(verb, only, trouble)| Act::Begin(verb, only, trouble)),
        4 => (option::weighted(0.3, any::<Index>()), trouble(steps)).prop_map(|(which, trouble)| Act::Rollback(which, trouble)),
        1 => somebody(steps),
    ]
}

/// Where one may be.
pub(crate) fn going_on(steps: usize) -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (trouble(steps), option::weighted(0.6, (step(steps), edit())))
            .prop_map(|(trouble, edit)| Act::Resume(Trouble { edit, ..trouble })),
        3 => trouble(steps).prop_map(|trouble| Act::Rollback(None, trouble)),
        2 => somebody(steps),
        1 => Just(Act::Mend),
    ]
}

fn somebody(steps: usize) -> impl Strategy<Value = Act> {
    (step(steps), edit()).prop_map(|(step, edit)| Act::Edit(step, edit))
}

fn step(steps: usize) -> impl Strategy<Value = String> {
    (0..steps).prop_map(name)
}

/// What another client writes may be what the run wrote, too.
fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        4 => ("size|note|colour|mark", "a|theirs|others|test").prop_map(|(field, value)| Edit::Set(field, value)),
        1 => Just(Edit::Remove),
    ]
}

fn trouble(steps: usize) -> impl Strategy<Value = Trouble> {
    prop_oneof![1 => calm(), 4 => troubled(steps), 1 => hopeless(steps), 1 => unproven(steps)]
}

fn calm() -> impl Strategy<Value = Trouble> {
    (1..=4usize).prop_map(|parallelism| Trouble { parallelism, ..Trouble::default() })
}

/// The way back is barred for longer than an undo has patience.
fn hopeless(steps: usize) -> impl Strategy<Value = Trouble> {
    let late = Just(Fault::ComesLate(Duration::from_secs(89)));
    let barred = vec(prop_oneof![8 => Just(Fault::Refused), 1 => late], 6);
    (calm(), btree_map((step(steps), 0..2usize), fault(), 1..=3), btree_map(step(steps), barred, 1..=4))
        .prop_map(|(calm, forward, back)| Trouble { forward, back, ..calm })
}

fn unproven(steps: usize) -> impl Strategy<Value = Trouble> {
    (calm(), step(steps), any::<bool>()).prop_map(|(calm, step, keep)| Trouble { broken: Some(step), keep, ..calm })
}

fn troubled(steps: usize) -> impl Strategy<Value = Trouble> {
    let at_the_server = (
        btree_map((step(steps), 0..2usize), fault(), 0..=2),
        btree_map(step(steps), vec(fault(), 1..=7), 0..=2),
        option::weighted(0.1, step(steps)),
        option::weighted(0.15, (step(steps), edit())),
    );
    let here = (
        option::weighted(0.15, 0..8usize),
        option::weighted(0.4, stop()),
        option::weighted(0.15, (0..20usize, 1..=3usize)),
        option::weighted(0.15, (0..150u64).prop_map(Duration::from_secs)),
    );
    (1..=4usize, prop::bool::weighted(0.1), at_the_server, here).prop_map(|(parallelism, keep, server, here)| {
        let (forward, back, broken, edit) = server;
        let (cancel, stop, disk_full, lock) = here;
        Trouble { parallelism, keep, forward, back, broken, cancel, stop, edit, disk_full, lock }
    })
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        Just(Fault::Refused),
        Just(Fault::LostAnswer),
        Just(Fault::Stalls),
        late().prop_map(Fault::ComesLate),
        late().prop_map(Fault::Repeated),
    ]
}

/// Within what a server takes at most.
fn late() -> impl Strategy<Value = Duration> {
    (1..90u64).prop_map(Duration::from_secs)
}

fn stop() -> impl Strategy<Value = Stop> {
    let fate = prop_oneof![Just(Fate::Lost), Just(Fate::CarriedOut), late().prop_map(Fate::CarriedOutLate)];
    let left = select(vec![Left::Nothing, Left::Torn, Left::Unsynced, Left::Synced]);
    prop_oneof![
        (prop_oneof![0..3usize, 0..12usize], fate).prop_map(|(nth, fate)| Stop::Request(nth, fate)),
        (prop_oneof![0..8usize, 0..30usize], left, any::<bool>())
            .prop_map(|(nth, left, power)| Stop::Record(nth, left, power)),
    ]
}
