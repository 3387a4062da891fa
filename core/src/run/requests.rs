//! Sending a change's requests, each announced in the journal before it is sent. What guards the next one is looked at while
//! the one before it is under way: no longer before it is sent than it would be with a look of its own.

use std::{pin::pin, sync::Arc, time::Duration};

use futures::future::{Either, select};
use tokio::time::{Instant, timeout_at};

use super::{
    Engine,
    outcome::{panicked, too_long},
    settings::covers,
};
use crate::{
    contract::{Answer, Change, Context, Noted, Part, Request, watched},
    failure::{Failure, Result},
    graph::StepIndex,
    journal::{Journal, Record},
};

/// Which way a run goes at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    Forward,
    Undo,
}

/// What came of requests that were sent one after the other.
pub(super) struct SendResult {
    /// What the server said, or why nothing was sent.
    pub(super) answer: Result<()>,
    /// One of them was not answered, and may still be carried out.
    pub(super) unacknowledged: bool,
    /// What the last of them was to remove and has left, each with the reason.
    pub(super) left: Vec<String>,
    /// Whether the journal has it all.
    pub(super) logged: Result<()>,
}

impl SendResult {
    pub(super) fn nothing(answer: Result<()>) -> Self {
        Self { answer, unacknowledged: false, left: Vec::new(), logged: Ok(()) }
    }
}

impl Aim {
    fn intent(self, step: &str, part: &Change) -> Record {
        let (step, change) = (step.to_owned(), part.clone());
        match self {
            Self::Forward => Record::Intent { step, change },
            Self::Undo => Record::UndoIntent { step, change },
        }
    }
}

/// Sends the requests of one step, one way, within the step's time.
pub(super) struct RequestSender<'a> {
    engine: &'a Engine,
    place: StepIndex,
    journal: &'a Journal,
    way: Aim,
    deadline: Instant,
}

impl<'a> RequestSender<'a> {
    /// The step's time begins now.
    pub(super) fn begin(engine: &'a Engine, place: StepIndex, journal: &'a Journal, way: Aim) -> Self {
        Self { engine, place, journal, way, deadline: Instant::now() + engine.settings.step_timeout }
    }

    /// Sends requests until one fails, or until what came of one cannot be written down on the way forward.
    ///
    /// On the way forward nothing is sent that could not be announced. During the undo the server comes before the
    /// log: a full disk must not keep what can be taken back from being taken back.
    pub(super) async fn all(&self, parts: Vec<Part>) -> SendResult {
        let context = || self.engine.context(self.place);
        let mut all = SendResult::nothing(Ok(()));
        let mut looked = Look::first(&parts, context(), self.deadline).await;
        let mut parts = parts.into_iter().peekable();
        while let Some(part) = parts.next() {
            let next = Look::ahead(&part, parts.peek(), context(), self.deadline);
            let context = context().having_looked(looked.and_then(Look::fresh));
            let sent;
            (sent, looked) = Look::beside(next, self.send_journaled(context, part), |sent| sent.answer.is_ok()).await;
            all = SendResult {
                unacknowledged: all.unacknowledged | sent.unacknowledged,
                logged: all.logged.and(sent.logged),
                ..sent
            };
            // What is written of the next request would be taken for the answer to one whose own could not be.
            if all.answer.is_err() || (self.way == Aim::Forward && all.logged.is_err()) {
                break;
            }
        }
        all
    }

    async fn send_journaled(&self, context: Context, part: Part) -> SendResult {
        let name = self.engine.name(self.place);
        if let Err(lost) = covers(&*self.engine.guard, self.deadline.saturating_duration_since(Instant::now())) {
            return SendResult::nothing(Err(lost));
        }
        let intent = self.journal.append(self.way.intent(name, &part.change)).await;
        if let (Aim::Forward, Err(unwritten)) = (self.way, &intent) {
            return self.record_unsent(unwritten.clone()).await;
        }
        let (answer, Noted { unacknowledged, left }) = self.request(context, part).await;
        let noted = self.journal.append(came_of(name, &answer, unacknowledged)).await;
        SendResult { answer, unacknowledged, left, logged: intent.and(noted) }
    }

    /// A request that was not sent because it could not be announced. The file may have an intent that only its mirror
    /// lacks: that nothing came of it is said behind it, so that no one waits for it. Where the file itself cannot be
    /// written, that is in vain as well, and changes nothing.
    async fn record_unsent(&self, unwritten: Failure) -> SendResult {
        let answer = Err(unwritten);
        let logged = self.journal.append(came_of(self.engine.name(self.place), &answer, false)).await;
        SendResult { logged, ..SendResult::nothing(answer) }
    }

    /// Sends one request, in a task of its own. Dropping it would not recall it: one whose time is over may still be
    /// carried out, and sends nothing more once it is aborted.
    async fn request(&self, context: Context, part: Part) -> (Result<()>, Noted) {
        let step = self.engine.graph.node(self.place).step.clone();
        let mut request = tokio::spawn(watched(async move { step.apply(&context, &part).await }));
        // What it noted is lost with it.
        let unknown = Noted { unacknowledged: true, ..Noted::default() };
        match timeout_at(self.deadline, &mut request).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(error)) => (Err(panicked(&error)), unknown),
            Err(_) => {
                request.abort();
                // What it came to is not known, even where it ended just now.
                drop(request.await);
                (Err(too_long("applied", self.engine.settings.step_timeout)), unknown)
            }
        }
    }
}

fn came_of(step: &str, answer: &Result<(), Failure>, unacknowledged: bool) -> Record {
    let step = step.to_owned();
    match answer {
        Ok(()) => Record::Done { step, unacknowledged },
        Err(failure) => Record::Failed { step, why: failure.report(), unacknowledged },
    }
}

/// How old a look may be when the request is sent that it guards: the one before it may have had to wait for something.
const FRESH: Duration = Duration::from_secs(1);

/// What came of a look, and when.
struct Look {
    answer: Result<Answer>,
    at: Instant,
}

impl Look {
    /// A look for what is sent first. Without an answer in time, it is too late to send anything.
    fn first(parts: &[Part], cx: Context, deadline: Instant) -> impl Future<Output = Option<Self>> + use<> {
        Self::by(deadline, parts.first().and_then(|part| part.request.clone()), cx)
    }

    /// A look for the next request, where it is about another object than the one that is sent now.
    fn ahead(
        now: &Part,
        next: Option<&Part>,
        cx: Context,
        deadline: Instant,
    ) -> impl Future<Output = Option<Self>> + use<> {
        let requests = now.request.as_ref().zip(next.and_then(|next| next.request.clone()));
        let next = requests.filter(|(now, next)| now.shown().path != next.shown().path).map(|(_, next)| next);
        Self::by(deadline, next, cx)
    }

    async fn by(deadline: Instant, request: Option<Arc<dyn Request>>, cx: Context) -> Option<Self> {
        let answer = timeout_at(deadline, request?.look(&cx)).await.ok()??;
        Some(Self { answer, at: Instant::now() })
    }

    /// Looks while something is sent; where that does not go well, nothing is sent after it.
    async fn beside<S>(
        look: impl Future<Output = Option<Self>>,
        sending: impl Future<Output = S>,
        went_well: impl FnOnce(&S) -> bool,
    ) -> (S, Option<Self>) {
        match select(pin!(sending), pin!(look)).await {
            Either::Left((sent, look)) if went_well(&sent) => (sent, look.await),
            Either::Left((sent, _)) => (sent, None),
            Either::Right((look, sending)) => (sending.await, look),
        }
    }

    /// What was seen, unless that is too long ago.
    fn fresh(self) -> Option<Result<Answer>> {
        (self.at.elapsed() <= FRESH).then_some(self.answer)
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use serde_json::Value;
    use tokio::time::{advance, sleep};

    use super::*;
    use crate::contract::{Change, Facts, Handles, Right, Shown, StepConsent, Values};

    const LIMIT: Duration = Duration::from_secs(60);

    /// What takes so long to look at.
    #[derive(Debug)]
    struct At(&'static str, Duration);

    #[async_trait]
    impl Request for At {
        fn rights(&self, _: Values) -> Vec<Right> {
            Vec::new()
        }

        fn shown(&self) -> Shown {
            Shown { system: "s".into(), method: "PUT".into(), path: self.0.into(), body: Value::Null }
        }

        async fn look(&self, _: &Context) -> Option<Result<Answer>> {
            sleep(self.1).await;
            Some(Ok(Answer::Found(self.0.into())))
        }

        async fn send(&self, _: &Context) -> Result<()> {
            Ok(())
        }
    }

    fn part(at: &'static str, millis: u64) -> Part {
        let change = Change { before: None, after: None };
        Part { change, request: Some(Arc::new(At(at, Duration::from_millis(millis)))) }
    }

    async fn ahead(next: &Part, sending: impl Future<Output = bool>) -> Option<Result<Answer>> {
        let cx = Context::new("g", "s", Arc::new(Facts::default()), Arc::new(Handles::new()), StepConsent::default());
        let look = Look::ahead(&part("a", 0), Some(next), cx, Instant::now() + LIMIT);
        Look::beside(look, sending, |sent| *sent).await.1.and_then(Look::fresh)
    }

    async fn sent_in(millis: u64) -> bool {
        sleep(Duration::from_millis(millis)).await;
        true
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_seen_beside_a_request_guards_the_next_one() {
        for (look, sending) in [(10, 50), (50, 10)] {
            let begun = Instant::now();
            let seen = ahead(&part("b", look), sent_in(sending)).await.unwrap().unwrap();
            assert_eq!(seen, Answer::Found("b".into()));
            assert_eq!(begun.elapsed(), Duration::from_millis(50), "both at the same time");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_sent_now_is_not_looked_at_and_nothing_is_once_it_has_failed() {
        assert!(ahead(&part("a", 0), sent_in(10)).await.is_none());
        let begun = Instant::now();
        assert!(ahead(&part("b", 50), async { false }).await.is_none());
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_of_long_ago_guards_nothing_and_none_goes_past_the_deadline() {
        assert!(ahead(&part("b", 10), sent_in(1_011)).await.is_none());
        assert!(ahead(&part("b", 10), sent_in(1_010)).await.is_some());
        advance(LIMIT).await;
        assert!(ahead(&part("b", 60_001), sent_in(10)).await.is_none());
    }
}
