//! What `apply` and `destroy` have in common: plan, ask, journal, run, tell.

use trustpath_core::{
    Class, Failure, Note,
    graph::{Place, Selection},
    journal::{End, Journal, Record, Verb},
    run::{Cancel, Ended, Engine, Failures, Outcome, RunPlan},
};
use trustpath_platform::lock::Purpose;

use super::{
    intended::{Intended, Prune},
    preflight,
};
use crate::{
    args::{Apply, Consent, Destroy, Going},
    closing,
    command::Command,
    exit,
    json::{self, Document},
    lock::{self, Locks, Wish},
    mirror::{self, Mirrored, Unfit},
    open_runs,
    prompt::{self, Confirmed},
    render,
    session::Session,
    signals,
    trouble::{Aftermath, Stuck, Trouble},
};

/// How many journals of runs that are over are kept.
const KEPT: usize = 100;

/// What to carry out.
pub(super) struct Job {
    verb: Verb,
    select: Selection,
    consent: Consent,
    keep: bool,
    /// What the graph has left goes as well.
    prune: bool,
    going: Going,
}

impl From<Apply> for Job {
    fn from(Apply { select, consent, prune, keep, going }: Apply) -> Self {
        Self { verb: Verb::Apply, select: select.into(), consent, keep, prune, going }
    }
}

impl From<Destroy> for Job {
    fn from(Destroy { select, allow_irreversible, going }: Destroy) -> Self {
        let consent = Consent { allow_irreversible, ..Consent::default() };
        let select = Selection::from(select);
        Self { verb: Verb::Destroy, prune: select.is_all(), select, consent, keep: false, going }
    }
}

pub(super) async fn carry_out(command: &Command<'_>, job: Job) -> Result<u8, Trouble> {
    let session = Session::open(command)?;
    let (cancel, _listening) = signals::listen(&command.screen, signals::WRITING, job.going.grace)?;
    let mirror = Mirrored::of(command, &session).await?;
    if mirror.is_there() {
        // Which of the cluster's runs are unfinished, and which at work on another machine, is told by the lock.
        drop(mirror.pull(command).await?);
    }
    closing::close(command, &session.handles, None, (&job.going.locking, &cancel)).await?;
    if !mirror.is_there() {
        open_runs::refuse(command, &session.handles, &Unfit::default()).await?;
    }
    let permissions = session.permissions(job.consent.clone(), job.keep)?;
    let engine = session.engine(command, permissions, cancel.clone());
    let (purpose, asks_rights) = (Purpose::Begin, !job.going.no_preflight);
    let wish = Wish { verb: job.verb.name(), purpose, asks_rights, options: job.going.locking.clone() };
    lock::under(command, &session, &cancel, wish, async |locks| {
        if locks.mirror.is_there() {
            open_runs::refuse(command, &session.handles, &locks.unfit).await?;
        }
        let is_one_run = !job.prune || job.verb == Verb::Destroy;
        let engine = engine.with_guard(if is_one_run { locks.guard() } else { locks.guard_of_several() });
        locked(command, &session, &engine, locks, &job, &cancel).await
    })
    .await
}

/// What is planned under the locks is still true when it is carried out.
async fn locked(
    command: &Command<'_>,
    session: &Session,
    engine: &Engine,
    locks: &Locks,
    job: &Job,
    cancel: &Cancel,
) -> Result<u8, Trouble> {
    let screen = &command.screen;
    let intended = job.intended(command, engine).await?;
    let Intended { engine, plan, .. } = &intended;
    locks.mention(screen);
    let document = intended.document(session.scope.notes(), None);
    screen.text(&render::plan(&document))?;
    intended.consented()?;
    if !job.going.no_preflight && intended.is_for_rights() {
        preflight::check(command, engine, &intended.needs()?.planned_again(!job.going.yes)).await?;
    }
    if intended.is_nothing() {
        if screen.is_json() {
            screen.json(&Document::Run(json::Run::nothing(document).into()))?;
        }
        return Ok(exit::OK);
    }
    if prompt::confirm(screen, question(job.verb), job.going.yes, cancel).await? == Confirmed::JustNow {
        engine.still(plan, &engine.plan(job.verb, &job.select).await?)?;
    }
    let run = Running { command, session, locks, cancel };
    match intended.due() {
        None => {
            let (run, ended) = run.carried(engine, plan).await?;
            told(command, (engine, locks), (run, document), ended)
        }
        Some(prune) => run.with_prune((engine, plan, document), prune).await,
    }
}

impl Job {
    async fn intended(&self, command: &Command<'_>, engine: &Engine) -> Result<Intended, Failures> {
        match self.prune {
            true => Intended::whole(command, engine, self.verb).await,
            false => Intended::plain(engine, self.verb, &self.select).await,
        }
    }
}

pub(super) fn question(verb: Verb) -> &'static str {
    match verb {
        Verb::Apply => "Make these changes?",
        Verb::Destroy => "Remove these?",
    }
}

/// The surroundings of the runs of one command.
struct Running<'a> {
    command: &'a Command<'a>,
    session: &'a Session,
    locks: &'a Locks,
    cancel: &'a Cancel,
}

impl Running<'_> {
    /// The plan first; where that is carried out, what the graph has left, by a run of its own.
    async fn with_prune(
        &self,
        (engine, plan, document): (&Engine, &RunPlan, json::Plan),
        prune: &Prune,
    ) -> Result<u8, Trouble> {
        let Self { command, locks, .. } = self;
        let screen = &command.screen;
        let mut shown = json::Run::nothing(document);
        if !plan.is_nothing() {
            let (run, ended) = self.carried(engine, plan).await?;
            let ended = settled(command, locks, &run, ended)?;
            shown = json::Run::of(run.clone(), engine.graph(), shown.plan, &ended, command.rollback(&run));
            if !matches!(ended.outcome, Outcome::Done) {
                let shown = screen.show(&Document::Run(shown.into()));
                return Trouble::after(shown, verdict(engine, ended, command.rollback(&run)));
            }
            screen.text(&render::outcome(&shown))?;
        }
        let (pruned, answer) = match self.pruned(prune).await {
            Ok((pruned, answer)) => (Some(pruned), answer.map_err(Trouble::told)),
            Err(trouble) => (None, Err(trouble.told())),
        };
        if let Some(pruned) = &pruned {
            screen.text(&render::outcome(pruned))?;
        }
        shown.pruned = pruned.map(Box::new);
        let written = if screen.is_json() { screen.json(&Document::Run(shown.into())) } else { Ok(()) };
        Trouble::after(written, answer)
    }

    /// Removes what the graph has left, unless that is not as it was shown any more.
    async fn pruned(&self, prune: &Prune) -> Result<(json::Run, Result<u8, Trouble>), Trouble> {
        let Self { command, session, locks, .. } = self;
        let engine = &prune.engine;
        let document = |plan| json::Plan::of(engine.graph(), plan, session.scope.notes(), None);
        let plan = match prune.again().await {
            Ok(plan) => plan,
            Err(failures) => {
                let trouble = Trouble::from(failures);
                let never_begun = json::Run::nothing(document(&prune.plan)).because(trouble.report());
                return Ok((never_begun, Err(trouble)));
            }
        };
        let document = document(&plan);
        let (run, ended) = self.carried(engine, &plan).await?;
        let ended = settled(command, locks, &run, ended)?;
        let back = command.rollback(&run);
        let document = json::Run::of(run, engine.graph(), document, &ended, back.clone());
        Ok((document, verdict(engine, ended, back)))
    }

    async fn carried(&self, engine: &Engine, plan: &RunPlan) -> Result<(String, Result<Ended, Failure>), Trouble> {
        let Self { command, session, locks, cancel } = self;
        let (run, path) = command.store()?.next(KEPT)?;
        let journal = Journal::begin(path, session.start(&run, plan, engine).await?).await?;
        let journal = locks.mirror.on(journal, &run);
        let work = async {
            journal.reflect().await?;
            locks.during(&run, journal.path(), engine.run(plan, &journal)).await
        };
        let ended = tokio::select! {
            ended = work => ended,
            () = cancel.halted() => return Err(Trouble::halted(command.rollback(&run))),
        };
        let unclosed = match &ended {
            Err(failure) => not_begun(engine, &journal, failure).await?,
            Ok(_) => None,
        };
        mirror::mention_owed(&command.screen, &journal, &run);
        if let Some(why) = unclosed {
            closing::mention(command, locks, &run, &why)?;
        }
        Ok((run, ended?))
    }
}

/// Nothing was written: the run ends before it began. Answers with why a lock may still name it, where it may.
async fn not_begun(engine: &Engine, journal: &Journal, why: &Failure) -> Result<Option<Failure>, Failure> {
    journal.append(Record::TurnedBack { why: why.report() }).await?;
    Ok(engine.close(End::RolledBack, journal).await.err())
}

/// Tells how a run ended.
pub(super) fn told(
    command: &Command<'_>,
    (engine, locks): (&Engine, &Locks),
    (run, document): (String, json::Plan),
    ended: Result<Ended, Failure>,
) -> Result<u8, Trouble> {
    let back = command.rollback(&run);
    let ended = settled(command, locks, &run, ended)?;
    let document = json::Run::of(run, engine.graph(), document, &ended, back.clone());
    let shown = command.screen.show(&Document::Run(document.into()));
    Trouble::after(shown, verdict(engine, ended, back))
}

/// How a run ended, where its journal could be written to that end; what has still to be done about its locks is said.
fn settled(command: &Command<'_>, locks: &Locks, run: &str, ended: Result<Ended, Failure>) -> Result<Ended, Trouble> {
    let ended = match ended {
        Ok(ended) => quiet(ended),
        Err(failure) => {
            let next = command.go_on(&command.store()?.read(run)?);
            return Err(Trouble::from(failure).with(Aftermath::Unknown(next)));
        }
    };
    if let Some(why) = &ended.unclosed {
        closing::mention(command, locks, run, why)?;
    }
    Ok(ended)
}

/// Proofs that were cut off by an interruption say nothing about the chain.
fn quiet(ended: Ended) -> Ended {
    match &ended.outcome {
        Outcome::RolledBack(why) | Outcome::Stuck { original: why, .. } if why.class() == Class::Interrupted => {
            Ended { evidence: Vec::new(), ..ended }
        }
        _ => ended,
    }
}

/// The failure that the run turned back for first, then what became of what it had made.
fn verdict(engine: &Engine, ended: Ended, back: String) -> Result<u8, Trouble> {
    let others: Vec<_> = super::verify::broken(engine, &ended.evidence).into_iter().skip(1).collect();
    let left = steps_of(engine, &ended.left);
    let (original, aftermath) = match ended.outcome {
        Outcome::Done => return Ok(exit::OK),
        Outcome::Kept(original) => (original, Aftermath::Kept(back)),
        Outcome::RolledBack(original) => (original, Aftermath::Back(left)),
        Outcome::Stuck { original, undo } => (original, Aftermath::Stuck(Stuck::new(None, undo, back))),
    };
    Err(Trouble::from(original).and(others).with(aftermath).told())
}

fn steps_of(engine: &Engine, left: &[(Place, Note)]) -> Vec<String> {
    let mut steps: Vec<_> = left.iter().map(|(place, _)| engine.graph().node(*place).name.to_string()).collect();
    steps.dedup();
    steps
}
