//! Sending a change's requests, each announced in the journal before it is sent.

use tokio::time::{Instant, timeout_at};

use super::{Engine, caught::panicked, failures::too_long, guard::covers, look::Look};
use crate::{
    contract::{Change, Context, Noted, Part, watched},
    failure::{Failure, Result},
    graph::Place,
    journal::{Journal, Record},
};

/// Which way a run goes at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Forward,
    Back,
}

/// What came of requests that were sent one after the other.
pub(super) struct Sent {
    /// What the server said, or why nothing was sent.
    pub(super) answer: Result<()>,
    /// One of them was not answered, and may still be carried out.
    pub(super) late: bool,
    /// What the last of them was to remove and has left, each with the reason.
    pub(super) left: Vec<String>,
    /// Whether the journal has it all.
    pub(super) logged: Result<()>,
}

impl Sent {
    pub(super) fn nothing(answer: Result<()>) -> Self {
        Self { answer, late: false, left: Vec::new(), logged: Ok(()) }
    }
}

impl Way {
    fn intent(self, step: &str, part: &Change) -> Record {
        let (step, change) = (step.to_owned(), part.clone());
        match self {
            Self::Forward => Record::Intent { step, change },
            Self::Back => Record::UndoIntent { step, change },
        }
    }
}

impl Engine {
    /// Sends requests until one fails, or until what came of one cannot be written down on the way forward.
    ///
    /// On the way forward nothing is sent that could not be announced. On the way back the server comes before the
    /// log: a full disk must not keep what can be taken back from being taken back.
    pub(super) async fn requests(
        &self,
        place: Place,
        parts: Vec<Part>,
        journal: &Journal,
        deadline: Instant,
        way: Way,
    ) -> Sent {
        let mut all = Sent::nothing(Ok(()));
        let mut looked = Look::first(&parts, self.context(place), deadline).await;
        let mut parts = parts.into_iter().peekable();
        while let Some(part) = parts.next() {
            let next = Look::ahead(&part, parts.peek(), self.context(place), deadline);
            let context = self.context(place).having_looked(looked.and_then(Look::fresh));
            let sent;
            let sending = self.announced(place, context, part, journal, deadline, way);
            (sent, looked) = Look::beside(next, sending, |sent| sent.answer.is_ok()).await;
            all = Sent { late: all.late | sent.late, logged: all.logged.and(sent.logged), ..sent };
            // What is written of the next request would be taken for the answer to one whose own could not be.
            if all.answer.is_err() || (way == Way::Forward && all.logged.is_err()) {
                break;
            }
        }
        all
    }

    async fn announced(
        &self,
        place: Place,
        context: Context,
        part: Part,
        journal: &Journal,
        deadline: Instant,
        way: Way,
    ) -> Sent {
        let name = self.name(place);
        if let Err(lost) = covers(&*self.guard, deadline.saturating_duration_since(Instant::now())) {
            return Sent::nothing(Err(lost));
        }
        let intent = journal.append(way.intent(name, &part.change)).await;
        if let (Way::Forward, Err(unwritten)) = (way, &intent) {
            return unsent(name, unwritten.clone(), journal).await;
        }
        let (answer, Noted { late, left }) = self.request(place, context, part, deadline).await;
        let noted = journal.append(came_of(name, &answer, late)).await;
        Sent { answer, late, left, logged: intent.and(noted) }
    }

    /// Sends one request, in a task of its own. Dropping it would not recall it: one whose time is over may still be
    /// carried out, and sends nothing more once it is aborted.
    async fn request(&self, place: Place, context: Context, part: Part, deadline: Instant) -> (Result<()>, Noted) {
        let step = self.graph.node(place).step.clone();
        let mut request = tokio::spawn(watched(async move { step.apply(&context, &part).await }));
        // What it noted is lost with it.
        let unknown = Noted { late: true, ..Noted::default() };
        match timeout_at(deadline, &mut request).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(error)) => (Err(panicked(&error)), unknown),
            Err(_) => {
                request.abort();
                // What it came to is not known, even where it ended just now.
                drop(request.await);
                (Err(too_long("applied", self.settings.step_timeout)), unknown)
            }
        }
    }
}

/// A request that was not sent because it could not be announced. The file may have an intent that only its mirror lacks:
/// that nothing came of it is said behind it, so that nobody waits for it. Where the file itself cannot be written, that
/// is in vain as well, and changes nothing.
async fn unsent(step: &str, unwritten: Failure, journal: &Journal) -> Sent {
    let answer = Err(unwritten);
    let logged = journal.append(came_of(step, &answer, false)).await;
    Sent { logged, ..Sent::nothing(answer) }
}

fn came_of(step: &str, answer: &Result<(), Failure>, late: bool) -> Record {
    let step = step.to_owned();
    match answer {
        Ok(()) => Record::Done { step, late },
        Err(failure) => Record::Failed { step, why: failure.report(), late },
    }
}
