//! What went wrong with a command, and what became of what it had begun.

use std::collections::BTreeSet;

use trustpath_core::{Class, Failure, Problem, failure::Report, run::Failures};

use crate::{
    exit,
    json::JsonDocument,
    render::{self, Style},
    screen::Screen,
};

/// Why a command failed: the first failure decides the exit code, unless something could not be taken back.
pub(crate) struct CommandError {
    first: Failure,
    others: Vec<Failure>,
    aftermath: Consequence,
    /// The command's own document has it already.
    already_reported: bool,
}

/// What became of what the command had begun.
#[derive(Debug, Default)]
pub(crate) enum Consequence {
    /// It had begun nothing.
    #[default]
    Nothing,
    /// All of it is back, but for what is left on purpose of these steps.
    Back(Vec<String>),
    /// It was kept because the user asked for it; this command takes it back.
    Kept(String),
    /// Not all of it could be taken back.
    Stuck(Box<Stuck>),
    /// Where it stands is not known; this command goes on.
    Unknown(String),
}

/// What could not be taken back, and how to go on.
#[derive(Debug)]
pub(crate) struct Stuck {
    /// Besides the failure itself.
    failures: Vec<Failure>,
    /// Tries again.
    again: String,
    /// Goes on without what another client has changed; empty where no one has.
    without: String,
}

impl Stuck {
    /// The steps of these failures could not be taken back; of them, `shown` is the failure itself. `again` is the command
    /// that tries again.
    pub(crate) fn new(shown: Option<&Failure>, failures: Vec<Failure>, again: String) -> Box<Self> {
        let all = shown.into_iter().chain(&failures);
        // What another client has changed may be meant to stay; anything else comes back once it is fixed.
        let steps: BTreeSet<_> =
            all.filter(|failure| failure.class() == Class::Conflict).filter_map(Failure::step).collect();
        let leave: String =
            steps.iter().map(|step| format!(" --leave {}", render::command(&[(*step).to_owned()]))).collect();
        let without = if leave.is_empty() { String::new() } else { format!("{again}{leave}") };
        Box::new(Self { failures, again, without })
    }

    fn text(&self) -> String {
        let end = if self.failures.is_empty() { "." } else { ":" };
        let heading = Style::Bad.of(format!("Not everything could be taken back{end}"));
        let lines: String = self.failures.iter().map(stuck_line).collect();
        let without = match self.without.as_str() {
            "" => String::new(),
            command => format!("\nTo leave it as it is: {command}"),
        };
        format!("{heading}\n{lines}Once that is fixed: {}{without}", self.again)
    }
}

impl CommandError {
    /// The user, or the end of the grace, stopped a run where it was; this command goes on.
    pub(crate) fn halted(next: String) -> Self {
        let halted = Problem::new(Class::Interrupted, "trustpath::run::halted", "the run was stopped where it was")
            .help("what it had under way may still be carried out: the command below waits for that, and looks again");
        Self::from(halted).with(Consequence::Unknown(next))
    }

    /// The first failure.
    pub(crate) fn report(&self) -> Report {
        self.first.report()
    }

    /// With what became of what the command had begun.
    pub(crate) fn with(self, aftermath: Consequence) -> Self {
        Self { aftermath, ..self }
    }

    /// A document on stdout has it already.
    pub(crate) fn already_reported(self) -> Self {
        Self { already_reported: true, ..self }
    }

    /// With more that went wrong.
    pub(crate) fn and(mut self, others: impl IntoIterator<Item = Failure>) -> Self {
        self.others.extend(others);
        self
    }

    /// The verdict on a command whose result was shown, or could not be: what happened to the servers comes first.
    pub(crate) fn after(shown: Result<(), Failure>, verdict: Result<u8, Self>) -> Result<u8, Self> {
        match verdict {
            Ok(code) => Ok(shown.map(|()| code)?),
            Err(trouble) => Err(trouble.and(shown.err())),
        }
    }

    /// Tells the user, and returns the exit code.
    pub(crate) fn report_on(&self, screen: &Screen) -> u8 {
        if screen.is_json() && !self.already_reported {
            let (error, others) = (self.first.report(), self.others.iter().map(Failure::report).collect());
            // The failure that is told next is the one that matters.
            drop(screen.json(&JsonDocument::Error { error, others }));
        }
        screen.say(&render::failures(&self.first, &self.others, screen.width()));
        if let Some(aftermath) = self.aftermath.text() {
            screen.say(&format!("\n{aftermath}"));
        }
        exit::code(match self.aftermath {
            Consequence::Stuck(..) => Class::Stuck,
            _ => self.first.class(),
        })
    }
}

impl Consequence {
    fn text(&self) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::Back(left) => {
                let all = "Everything that this run changed is back as it was";
                let but = match left.as_slice() {
                    [] => String::new(),
                    left => format!(", but for what was left: {}", render::line(&left.join(", "))),
                };
                Some(Style::Good.of(format!("{all}{but}.")))
            }
            Self::Kept(command) => {
                let kept = Style::Careful.of("What this run made was kept, as --keep asks.");
                Some(format!("{kept}\nTo take it back: {command}"))
            }
            Self::Unknown(command) => {
                let unknown = Style::Bad.of("What this run changed may still be there.");
                Some(format!("{unknown}\nTo go on: {command}"))
            }
            Self::Stuck(stuck) => Some(stuck.text()),
        }
    }
}

fn stuck_line(failure: &Failure) -> String {
    let help = failure.report().help.map(|help| format!("    {}\n", Style::Quiet.of(render::line(&help))));
    format!("  {}\n{}", render::aside(failure), help.unwrap_or_default())
}

impl From<Failure> for CommandError {
    fn from(first: Failure) -> Self {
        Self { first, others: Vec::new(), aftermath: Consequence::Nothing, already_reported: false }
    }
}

impl From<Problem> for CommandError {
    fn from(problem: Problem) -> Self {
        Failure::from(problem).into()
    }
}

impl From<Failures> for CommandError {
    fn from(failures: Failures) -> Self {
        let mut failures = failures.0.into_iter();
        let nothing =
            || Problem::new(Class::Internal, "trustpath::cli::no_failure", "it failed for no known reason").into();
        Self { others: Vec::new(), ..Self::from(failures.next().unwrap_or_else(nothing)) }.and(failures)
    }
}
