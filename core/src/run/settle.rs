//! Waiting until nothing that was sent can be carried out any more, and looking again.

use std::time::Duration;

use futures::future::try_join_all;
use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};

use super::{Engine, event::Event, failures::interrupted, planning::goal};
use crate::{
    contract::{Goal, Trail},
    failure::{Class, Failure, Problem, Result},
    graph::Place,
    journal::{Journal, Log, Progress, Record, Touched, Verb, replay},
};

/// What a run may have made of one step, and until when its requests may still be carried out.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub(super) trail: Trail,
    pub(super) settles: Option<Instant>,
}

/// Whether a request was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settled {
    /// All were.
    InTime,
    /// One was not, and is over now.
    Late,
}

impl Engine {
    /// What the journal says may have been changed, by place.
    pub(super) fn standing(&self, log: &Log) -> Result<Vec<(Place, Standing)>> {
        let progress = replay(&log.entries);
        let place = |step: &str| self.graph.place(step).ok_or_else(|| stranger(step));
        let standing =
            |touched: &Touched| Standing { trail: touched.trail.clone(), settles: self.settles(&progress, touched) };
        progress.standing().map(|(step, touched)| Ok((place(step)?, standing(touched)))).collect()
    }

    /// By the wall clock a journal says since when; the wait itself goes by the monotonic one, and is never longer than
    /// the horizon: whoever sent the request sends nothing any more.
    fn settles(&self, progress: &Progress, touched: &Touched) -> Option<Instant> {
        let left = progress.settles(touched)?.duration_since(Timestamp::now());
        let left = Duration::try_from(left).unwrap_or_default().min(self.settings.horizon);
        Some(Instant::now() + left)
    }

    /// Sleeps until a step's requests are over for certain.
    pub(super) async fn wait_to_settle(&self, place: Place, settles: Instant) {
        let left = settles.saturating_duration_since(Instant::now());
        if !left.is_zero() {
            self.observer.event(self.name(place), Event::Settling(left));
            sleep_until(settles).await;
        }
    }

    /// After everything was made: what was answered by nobody is looked at once more when it cannot come late any more.
    ///
    /// # Errors
    /// When a step is no longer as it was made, or the run is interrupted.
    pub(super) async fn settle(&self, verb: Verb, journal: &Journal) -> Result<Settled> {
        let standing = self.standing(&Log::read(journal.path())?)?;
        let late = standing.into_iter().filter_map(|(place, standing)| Some((place, standing.settles?)));
        let looks = late.map(|(place, settles)| self.settle_one(place, settles, verb, journal));
        tokio::select! {
            settled = try_join_all(looks) => settled.map(|late| if late.is_empty() { Settled::InTime } else { Settled::Late }),
            () = self.cancel.cancelled() => Err(interrupted()),
        }
    }

    async fn settle_one(&self, place: Place, settles: Instant, verb: Verb, journal: &Journal) -> Result<()> {
        self.wait_to_settle(place, settles).await;
        let name = self.name(place);
        if !self.read(place, &goal(verb)).await?.is_nothing() {
            return Err(carried_out_late().in_step(name));
        }
        journal.append(Record::Settled { step: name.to_owned() }).await
    }

    /// Before a run that was cut off goes on: its requests are over, and nobody else has touched what it made.
    ///
    /// # Errors
    /// When somebody has, or a step cannot be read.
    pub(super) async fn settle_before_going_on(&self, log: &Log) -> Result<()> {
        let looks = self.standing(log)?.into_iter().map(|(place, standing)| async move {
            if let Some(settles) = standing.settles {
                self.wait_to_settle(place, settles).await;
            }
            self.read(place, &Goal::Back(standing.trail)).await
        });
        tokio::select! {
            looked = try_join_all(looks) => looked.map(drop),
            () = self.cancel.cancelled() => Err(interrupted()),
        }
    }
}

fn carried_out_late() -> Failure {
    let message = "a request that nobody answered was carried out late, and changed what was made after it";
    Problem::new(Class::Timeout, "trustpath::run::late", message)
        .help("look at the network between here and the server; everything is taken back, run it again")
        .into()
}

fn stranger(step: &str) -> Failure {
    let message = format!("the journal names the step `{step}`, which its own graph does not have");
    Problem::new(Class::Internal, "trustpath::undo::stranger", message)
        .help("the journal was changed by hand, or written by another version of the program")
        .into()
}
