//! The program on a terminal, as somebody sees it who looks at one: lines that were scrolled away included.

use std::{
    fs::File,
    io::{self, Read},
    num::NonZero,
    os::fd::OwnedFd,
    process::Stdio,
    thread::{self, JoinHandle},
};

use rustix::{
    fs::{Mode, OFlags, open},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};
use vt100::Parser;

use crate::program::Program;

/// More lines than any run prints.
const SCROLLED: usize = 100_000;

/// What a terminal shows in the end.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The exit code of the program.
    pub code: i32,
    /// Every line, from the first one that was scrolled away on.
    pub lines: Vec<Line>,
    /// How many of them, the last ones, are on the screen.
    pub rows: usize,
}

/// A line of a terminal.
#[derive(Debug, Clone)]
pub struct Line {
    /// What is in it.
    pub text: String,
    /// The terminal has broken it: it was longer than the terminal is wide.
    pub is_broken: bool,
}

impl Shown {
    /// What is on the screen, without the empty lines at its end.
    pub fn screen(&self) -> String {
        let last = &self.lines[self.lines.len().saturating_sub(self.rows)..];
        let lines: Vec<_> = last.iter().map(|line| line.text.trim_end()).collect();
        lines.join("\n").trim_end().to_owned()
    }
}

/// Runs the program with both of its streams on a terminal of so many rows and columns, and no one at its keyboard.
///
/// # Errors
/// When there is no such thing as a pseudo terminal here.
pub async fn run(program: &Program, arguments: &[&str], (rows, columns): (u16, u16)) -> io::Result<Shown> {
    let (ours, theirs) = pair(rows, columns)?;
    let mut command = program.command(arguments);
    command.env("TERM", "xterm-256color").stdout(Stdio::from(theirs.try_clone()?)).stderr(Stdio::from(theirs));
    let mut child = command.spawn()?;
    // What is left of it holds the other side open, and the end would never come.
    drop(command);
    let reading = read(ours);
    let ended = child.wait().await?;
    let said = reading.join().map_err(|_| io::Error::other("the reader panicked"))?;
    let size = |side| NonZero::new(side).ok_or_else(|| io::Error::other("a terminal has a size"));
    let mut parser = Parser::new(size(rows)?, size(columns)?, SCROLLED);
    parser.process(&said);
    Ok(Shown { code: ended.code().unwrap_or(-1), lines: lines(&mut parser), rows: usize::from(rows) })
}

fn pair(rows: u16, columns: u16) -> io::Result<(OwnedFd, OwnedFd)> {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&ours)?;
    unlockpt(&ours)?;
    let name = ptsname(&ours, Vec::new())?;
    let theirs = open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
    tcsetwinsize(&theirs, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 })?;
    Ok((ours, theirs))
}

/// Reads until the other side is closed, of which Linux makes an error.
fn read(from: OwnedFd) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let (mut from, mut said, mut part) = (File::from(from), Vec::new(), [0; 4096]);
        while let Ok(count @ 1..) = from.read(&mut part) {
            said.extend_from_slice(&part[..count]);
        }
        said
    })
}

fn lines(parser: &mut Parser) -> Vec<Line> {
    parser.screen_mut().set_scrollback(usize::MAX);
    let scrolled = parser.screen().scrollback();
    let mut lines = Vec::new();
    for back in (1..=scrolled).rev() {
        parser.screen_mut().set_scrollback(back);
        lines.push(line(parser.screen(), 0));
    }
    parser.screen_mut().set_scrollback(0);
    let (rows, _) = parser.screen().size();
    lines.extend((0..rows.get()).map(|row| line(parser.screen(), row)));
    lines
}

fn line(screen: &vt100::Screen, row: u16) -> Line {
    let (_, columns) = screen.size();
    let text = screen.rows(0, columns.get()).nth(usize::from(row)).unwrap_or_default();
    Line { text, is_broken: screen.row_wrapped(row) }
}
