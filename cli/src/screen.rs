//! Where words go: results to stdout, all else to stderr.

use std::{
    io::{self, IsTerminal, Write},
    sync::{Arc, Mutex, PoisonError},
};

use anstream::{AutoStream, ColorChoice};
use console::Term;
use indicatif::MultiProgress;
use trustpath_core::{Class, Problem, Result, unseen};

use crate::{
    args::{Color, Format},
    json::{JsonDocument, JsonEnvelope},
    render::{self, Style},
};

/// How wide text may be where there is no terminal to ask.
const WIDTH: usize = 100;
/// A terminal that is narrower than this breaks lines by itself.
const NARROW: usize = 40;

type Sink = Arc<Mutex<dyn Write + Send>>;
/// Where the answers to questions come from, a line each.
type PromptAnswers = Arc<dyn Fn() -> io::Result<String> + Send + Sync>;

/// The two streams, and what is known about who looks at them. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Screen {
    out: Sink,
    err: Sink,
    format: Format,
    width: usize,
    columns: Columns,
    answers: Option<PromptAnswers>,
    bars: Option<MultiProgress>,
}

/// How wide the terminals are behind the two streams, where there are any.
#[derive(Debug, Clone, Copy, Default)]
struct Columns {
    out: Option<usize>,
    err: Option<usize>,
}

impl Screen {
    /// The streams of this process. `quiet` keeps moving progress off a terminal that shows other lines too.
    pub(crate) fn of_process(format: Format, color: Color, quiet: bool) -> Self {
        let out = AutoStream::new(io::stdout(), color.into());
        let err = AutoStream::new(io::stderr(), color.into());
        console::set_colors_enabled_stderr(err.current_choice() != ColorChoice::Never);
        let terminal = io::stderr().is_terminal();
        let columns = Columns { out: columns(&Term::stdout()), err: columns(&Term::stderr()) };
        let width = columns.err.map_or(WIDTH, |columns| columns.clamp(NARROW, WIDTH));
        Self {
            width,
            columns,
            answers: (terminal && io::stdin().is_terminal()).then(|| Arc::new(a_line) as PromptAnswers),
            bars: (terminal && !quiet).then(MultiProgress::new),
            ..Self::on(format, out, err)
        }
    }

    /// Streams behind which there is no terminal, and no one to ask.
    pub(crate) fn on(format: Format, out: impl Write + Send + 'static, err: impl Write + Send + 'static) -> Self {
        let (out, err) = (Arc::new(Mutex::new(out)), Arc::new(Mutex::new(err)));
        Self { out, err, format, width: WIDTH, columns: Columns::default(), answers: None, bars: None }
    }

    /// The same, with somebody to ask.
    #[cfg(test)]
    pub(crate) fn answered_by(self, answers: impl Fn() -> io::Result<String> + Send + Sync + 'static) -> Self {
        Self { answers: Some(Arc::new(answers)), ..self }
    }

    /// How wide text may be.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Whether somebody is there to answer a question.
    pub(crate) fn asks(&self) -> bool {
        self.answers.is_some() && !self.is_json()
    }

    /// Whether results are for programs.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// What moves on a terminal, where there is one.
    pub(crate) fn bars(&self) -> Option<&MultiProgress> {
        self.bars.as_ref()
    }

    /// Asks, and waits on the line for the answer.
    pub(crate) fn ask(&self, question: &str) -> io::Result<String> {
        let question = fitted(question, self.columns.err);
        self.around_bars(|| write(&self.err, &question))?;
        self.answers.as_ref().ok_or(io::ErrorKind::UnexpectedEof)?()
    }

    /// Writes a document as it was asked for.
    pub(crate) fn show(&self, document: &JsonDocument) -> Result<()> {
        match document {
            _ if self.is_json() => self.json(document),
            // A file for other programs, of which no line may be broken.
            JsonDocument::Permissions(_) => self.result(&render::document(document)),
            _ => self.text(&render::document(document)),
        }
    }

    /// Writes a document for programs.
    pub(crate) fn json(&self, document: &JsonDocument) -> Result<()> {
        let text =
            serde_json::to_string_pretty(&JsonEnvelope::of(document)).map_err(|error| unwritable(error.into()))?;
        self.result(&(escaped(&text) + "\n"))
    }

    /// Writes a part of a result for people; nothing where results are for programs.
    pub(crate) fn text(&self, text: &str) -> Result<()> {
        if self.is_json() { Ok(()) } else { self.result(&fitted(text, self.columns.out)) }
    }

    /// Writes to stdout. No one reading on is no error: what was asked for is done all the same.
    pub(crate) fn result(&self, text: &str) -> Result<()> {
        let written = self.around_bars(|| write(&self.out, text));
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(unwritable(error).into()),
            _ => Ok(()),
        }
    }

    /// Says a line, or several, on stderr.
    pub(crate) fn say(&self, text: &str) {
        let text = fitted(text.trim_end_matches('\n'), self.columns.err) + "\n";
        // When stderr is gone there is nowhere left to say so.
        drop(self.around_bars(|| write(&self.err, &text)));
    }

    /// Says on stderr what the user waits for.
    pub(crate) fn aside(&self, words: &str) {
        self.say(&format!("{} {words}", Style::Quiet.of("…")));
    }

    /// Warns on stderr.
    pub(crate) fn warn(&self, words: &str) {
        self.say(&format!("{} {words}", Style::Careful.of("warning:")));
    }

    fn around_bars<T>(&self, work: impl FnOnce() -> T) -> T {
        match &self.bars {
            Some(bars) => bars.suspend(work),
            None => work(),
        }
    }
}

fn columns(terminal: &Term) -> Option<usize> {
    terminal.size_checked().map(|(_, columns)| usize::from(columns)).filter(|columns| *columns >= NARROW)
}

/// A text for people as a terminal has room for it; what goes elsewhere is left as it is.
fn fitted(text: &str, columns: Option<usize>) -> String {
    columns.map_or_else(|| text.to_owned(), |columns| render::fitted(text, columns))
}

/// The next line of stdin; its end is no answer.
fn a_line() -> io::Result<String> {
    let mut line = String::new();
    if io::stdin().read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line)
}

fn write(sink: &Sink, text: &str) -> io::Result<()> {
    let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
    sink.write_all(text.as_bytes())?;
    sink.flush()
}

/// JSON leaves DEL, the second set of control characters, and what turns the direction of writing as they are; a terminal
/// may obey them. They can only be inside of strings.
fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\n' => escaped.push(c),
            c if unseen(c) => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => escaped.push(c),
        }
    }
    escaped
}

fn unwritable(error: io::Error) -> Problem {
    Problem::new(Class::Config, "trustpath::cli::stdout", "the result cannot be written to stdout")
        .help("what was asked for was done as far as the messages on stderr say; make room, or write elsewhere")
        .because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn a_closed_pipe_is_no_error() {
        let screen = Screen::on(Format::Text, Closed, Closed);
        assert!(screen.result("text").is_ok());
        screen.say("text");
    }

    #[test]
    fn json_holds_no_control_character() {
        let text = "a\u{1b}\u{9b}\u{7f}\u{202e}";
        let json = escaped(&serde_json::to_string(&text).unwrap());
        assert_eq!(json, r#""a\u001b\u009b\u007f\u202e""#);
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
