//! A directory, a shelf, and the program between them.

use std::{
    io::{self, Write},
    path::PathBuf,
    sync::{Arc, Mutex},
};

use clap::Parser as _;
use tempfile::TempDir;
use trustpath_core::Kind;
use trustpath_platform::Environment;

use super::shelf::{ITEM, Shelf};
use crate::{
    args::{Cli, Format},
    exit,
    program::Program,
    screen::Screen,
};

/// A stream that can be read afterwards.
#[derive(Clone, Default)]
pub(crate) struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Buffer {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// a ← b ← c.
pub(super) const CHAIN: &str = r#"
graph = "test"

[steps.a]
uses = "item"
with = { item = "a", fields = { size = 1 } }

[steps.b]
uses = "item"
needs = ["a"]
with = { item = "b", fields = { text = "one\ntwo\nthree\n", names = ["x", "y"] } }

[steps.c]
uses = "item"
needs = ["b"]
with = { item = "c", fields = { size = 3 }, care = "hot" }
"#;

pub(super) struct Stage {
    pub(super) shelf: Shelf,
    home: TempDir,
    variables: Vec<(String, String)>,
}

/// What a command line came to.
pub(super) struct Ran {
    pub(super) code: u8,
    pub(super) out: String,
    pub(super) err: String,
}

impl Stage {
    /// With this graph file.
    pub(super) fn with(file: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("plugins.toml"), file).unwrap();
        let path = |name: &str| home.path().join(name).display().to_string();
        let variables = vec![
            ("TRUSTPATH_FILE".to_owned(), path("plugins.toml")),
            ("TRUSTPATH_STATE_DIR".to_owned(), path("state")),
        ];
        Self { shelf: Shelf::default(), home, variables }
    }

    pub(super) fn chain() -> Self {
        Self::with(CHAIN)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The journals that were begun, oldest first.
    pub(super) fn journals(&self) -> Vec<PathBuf> {
        let store = trustpath_core::journal::Store::new(self.path("state"));
        store.runs().unwrap().iter().map(|run| store.path(run)).collect()
    }

    pub(super) fn edit(&self, file: &str) {
        std::fs::write(self.path("plugins.toml"), file).unwrap();
    }

    /// Sets a variable.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.forget(name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Takes a variable out of the environment.
    pub(super) fn forget(&mut self, name: &str) {
        self.variables.retain(|(known, _)| known != name);
    }

    /// Runs a command line, the program's name left out.
    pub(super) fn run(&self, words: &[&str]) -> Ran {
        self.run_on(plain, words)
    }

    /// Runs a command line and keeps all that a terminal would get.
    pub(super) fn run_raw(&self, words: &[&str]) -> Ran {
        self.run_on(Screen::on, words)
    }

    /// Runs a command line for somebody who is asked, does something, and says yes.
    pub(super) fn run_asked(&self, words: &[&str], meanwhile: impl Fn(&Shelf) + Send + Sync + 'static) -> Ran {
        let shelf = self.shelf.clone();
        let answers = move || {
            meanwhile(&shelf);
            Ok("yes\n".to_owned())
        };
        self.run_on(|format, out, err| plain(format, out, err).answered_by(answers), words)
    }

    /// Runs a command line, and does something once it has said this.
    pub(super) fn run_until(&self, words: &[&str], said: &str, then: impl FnOnce()) -> Ran {
        let (send, receive) = std::sync::mpsc::channel();
        let screen = move |format, out, err: Buffer| {
            send.send(err.clone()).expect("somebody waits for it");
            plain(format, out, err)
        };
        std::thread::scope(|scope| {
            let run = scope.spawn(|| self.run_on(screen, words));
            let err = receive.recv().expect("it has a screen");
            while !err.text().contains(said) && !run.is_finished() {
                std::thread::yield_now();
            }
            then();
            run.join().expect("it ends")
        })
    }

    fn run_on(&self, screen: impl FnOnce(Format, Buffer, Buffer) -> Screen, words: &[&str]) -> Ran {
        let kinds: [&'static Kind; 1] = [&ITEM];
        let (out, err) = (Buffer::default(), Buffer::default());
        let code = match Cli::try_parse_from(std::iter::once(&"trustpath").chain(words)) {
            Err(error) => {
                write!(err.clone(), "{error}").unwrap();
                exit::code(trustpath_core::Class::Usage)
            }
            Ok(cli) => {
                let shelf = self.shelf.clone();
                let program = Program::new(&kinds).with_handles(move |handles| {
                    let shelf = shelf.clone();
                    handles.with(move || std::future::ready(Ok(shelf.clone())))
                });
                let screen = screen(cli.global.output, out.clone(), err.clone());
                program.dispatch(cli, Environment::new(self.variables.clone(), None), screen)
            }
        };
        Ran { code, out: out.text(), err: err.text() }
    }

    /// Runs a command line that has to end well.
    pub(super) fn ok(&self, words: &[&str]) -> Ran {
        let ran = self.run(words);
        assert_eq!(ran.code, 0, "trustpath {}\n{}\n{}", words.join(" "), ran.out, ran.err);
        ran
    }

    /// The screen of a command line: its code, stdout, then stderr. What differs from run to run is replaced.
    pub(super) fn screen(&self, words: &[&str]) -> String {
        let Ran { code, out, err } = self.run(words);
        let bar = |name: &str| format!("── {name} {}\n", "─".repeat(40));
        let mut screen = format!("$ trustpath {}\n", words.join(" "));
        screen += &format!("{}{out}{}{err}── exit {code}\n", bar("stdout"), bar("stderr"));
        self.steady(&screen)
    }

    fn steady(&self, text: &str) -> String {
        let text = text.replace(&self.home.path().display().to_string(), "[dir]");
        let mut steady = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(first) = rest.chars().next() {
            let (shown, taken) = match () {
                () if matches(rest, "9999-99-99T99:99:99Z") => ("[time]", 20),
                () if matches(rest, "99999999-999999-9") => ("[run]", 17),
                () if matches(rest, "99999999-999999") => ("[run]", 15),
                () => (&rest[..first.len_utf8()], first.len_utf8()),
            };
            steady.push_str(shown);
            rest = &rest[taken..];
        }
        steady
    }
}

/// Two buffers without colours.
fn plain(format: Format, out: Buffer, err: Buffer) -> Screen {
    let plain = |buffer| anstream::StripStream::new(Box::new(buffer) as Box<dyn Write + Send>);
    Screen::on(format, plain(out), plain(err))
}

/// Whether the text begins like this, where 9 is any digit.
fn matches(text: &str, shape: &str) -> bool {
    let mut bytes = text.bytes();
    shape.bytes().all(|like| bytes.next().is_some_and(|is| if like == b'9' { is.is_ascii_digit() } else { is == like }))
}
