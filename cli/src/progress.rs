//! What happens, as it happens, on stderr: moving on a terminal, plain lines elsewhere.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tracing::debug;
use trustpath_core::{
    Op,
    run::{Event, Observer},
};

use crate::{
    render::{Style, aside, line},
    screen::Screen,
};

/// Tells the screen what happens.
pub(crate) struct Progress {
    screen: Screen,
    /// The steps that something is being done to.
    busy: Mutex<BTreeMap<String, Busy>>,
}

struct Busy {
    phase: Phase,
    bar: Option<ProgressBar>,
}

/// What is being done to a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Reading,
    Changing(Op),
    TakingBack,
    Proving,
}

impl Phase {
    /// While it goes on, and once it is over.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Reading => ("reading", "read"),
            Self::Changing(Op::Create) => ("creating", "created"),
            Self::Changing(Op::Delete) => ("deleting", "deleted"),
            Self::Changing(_) => ("updating", "updated"),
            Self::TakingBack => ("taking back", "as it was before"),
            Self::Proving => ("proving", "proven"),
        }
    }
}

impl Progress {
    pub(crate) fn new(screen: Screen) -> Self {
        Self { screen, busy: Mutex::default() }
    }

    /// A step begins something. Reading is a part of changing and of taking back, and not worth a word then. A log gets a
    /// line for what is written; a terminal has the spinner instead.
    fn begin(&self, step: &str, phase: Phase) {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if phase == Phase::Reading && busy.contains_key(step) {
            return;
        }
        if let Some(ended) = busy.remove(step) {
            self.clear(ended);
        }
        let bar = self.screen.bars().map(|bars| spinner(bars, step, phase));
        if bar.is_none() && matches!(phase, Phase::Changing(_) | Phase::TakingBack) {
            self.screen.aside(&format!("{}: {}", line(step), phase.words().0));
        }
        busy.insert(step.to_owned(), Busy { phase, bar });
    }

    /// A step is done with what it had begun.
    fn end(&self, step: &str) -> Option<Phase> {
        let ended = self.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(step)?;
        let phase = ended.phase;
        self.clear(ended);
        Some(phase)
    }

    /// Takes a line out of the view, and out of what is drawn from then on: a bar that is only finished stays in the list.
    fn clear(&self, ended: Busy) {
        if let (Some(bar), Some(bars)) = (ended.bar, self.screen.bars()) {
            bar.finish_and_clear();
            bars.remove(&bar);
        }
    }

    fn phase(&self, step: &str) -> Option<Phase> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).get(step).map(|busy| busy.phase)
    }
}

impl Observer for Progress {
    fn event(&self, step: &str, event: Event<'_>) {
        trace(step, &event);
        match event {
            Event::Planning => self.begin(step, Phase::Reading),
            Event::Planned(_) if self.phase(step) == Some(Phase::Reading) => drop(self.end(step)),
            Event::Planned(_) => {}
            Event::Applying(change) => self.begin(step, Phase::Changing(change.op())),
            Event::Applied => {
                let phase = self.end(step).unwrap_or(Phase::Changing(Op::Update));
                self.screen.say(&format!("{} {}: {}", Style::Good.of("✓"), line(step), phase.words().1));
            }
            Event::Failed(failure) => match self.phase(step) {
                // What cannot be read or proven is in the result; what cannot be taken back is told as that.
                Some(Phase::Reading | Phase::Proving) => drop(self.end(step)),
                Some(Phase::TakingBack) => {}
                Some(Phase::Changing(_)) | None => {
                    self.end(step);
                    self.screen.say(&aside(failure));
                }
            },
            Event::Undoing => self.begin(step, Phase::TakingBack),
            Event::Settling(left) => {
                let left = left.as_secs_f32().ceil();
                self.screen.say(&format!(
                    "{} {}: a request was not answered; it is looked at again in {left} s, when it cannot be carried out any more",
                    Style::Careful.of("…"),
                    line(step)
                ));
            }
            Event::Undone { left } => {
                self.end(step);
                let (_, past) = Phase::TakingBack.words();
                self.screen.say(&format!("{} {}: {past}{}", Style::Good.of("↩"), line(step), but_for(left)));
            }
            Event::UndoFailed(failure) => {
                self.end(step);
                self.screen.say(&format!("{} (not taken back)", aside(failure)));
            }
            Event::Verifying => self.begin(step, Phase::Proving),
            Event::Verified(_) => drop(self.end(step)),
        }
    }
}

fn but_for(left: &[String]) -> String {
    match left {
        [] => String::new(),
        left => format!(", but for what is left on purpose: {}", line(&left.join("; "))),
    }
}

/// A bar draws by itself, on a line that nothing clears, until it belongs to the others: it begins to move after that.
fn spinner(bars: &MultiProgress, step: &str, phase: Phase) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {prefix:.bold} {msg:.dim}").expect("a template that is right");
    let bar = bars.add(ProgressBar::new_spinner().with_style(style));
    bar.set_prefix(line(step));
    bar.set_message(phase.words().0);
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// States are not traced: what a step does to its fields is in the plan, and its requests are traced where they are
/// made.
fn trace(step: &str, event: &Event<'_>) {
    match event {
        Event::Planning => debug!(step, "reading"),
        Event::Planned(plan) => debug!(step, op = ?plan.change.op(), "read"),
        Event::Applying(change) => debug!(step, op = ?change.op(), "changing"),
        Event::Applied => debug!(step, "changed"),
        Event::Failed(failure) => debug!(step, class = ?failure.class(), "failed"),
        Event::Undoing => debug!(step, "taking back"),
        Event::Settling(left) => debug!(step, ?left, "settling"),
        Event::Undone { left } => debug!(step, left = left.len(), "taken back"),
        Event::UndoFailed(failure) => debug!(step, class = ?failure.class(), "not taken back"),
        Event::Verifying => debug!(step, "proving"),
        Event::Verified(evidence) => debug!(step, checks = evidence.checks.len(), holds = evidence.holds(), "proven"),
    }
}
