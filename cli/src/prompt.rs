//! Asking before anything is written.

use std::io;

use trustpath_core::{Class, Problem, Result, run::Cancel};

use crate::{render::Style, screen::Screen};

/// How a user has said yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Confirmed {
    /// With the command: no one has waited for it.
    Beforehand,
    /// To the question, and in the time until then anything may have changed.
    JustNow,
}

/// Returns when the user says yes; `yes` is their word beforehand.
pub(crate) async fn confirm(screen: &Screen, question: &str, yes: bool, cancel: &Cancel) -> Result<Confirmed> {
    if yes {
        return Ok(Confirmed::Beforehand);
    }
    if !screen.asks() {
        return Err(nobody(screen).into());
    }
    // The terminal keeps its usual mode, so that whatever ends the program leaves it usable. Reading cannot be called
    // off: a thread of its own waits for the line, and is left behind when a signal comes first.
    let screen = screen.clone();
    let question = format!("\n{} (yes/no) ", Style::Strong.of(question));
    let asking = tokio::task::spawn_blocking(move || ask(&screen, &question));
    tokio::select! {
        answer = asking => match answer.map_err(io::Error::other).flatten() {
            Ok(true) => Ok(Confirmed::JustNow),
            Ok(false) => Err(declined().into()),
            Err(error) => Err(unheard().because(error).into()),
        },
        () = cancel.cancelled() => Err(interrupted().into()),
    }
}

fn ask(screen: &Screen, question: &str) -> io::Result<bool> {
    loop {
        match meaning(&screen.ask(question)?) {
            Some(answer) => return Ok(answer),
            None => screen.say("Please say yes or no."),
        }
    }
}

fn meaning(answer: &str) -> Option<bool> {
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Some(true),
        "n" | "no" => Some(false),
        _ => None,
    }
}

fn nobody(screen: &Screen) -> Problem {
    let message = match screen.is_json() {
        true => "with --output json no one is asked, and nothing is changed without a yes",
        false => "there is no terminal to ask on, and nothing is changed without a yes",
    };
    Problem::new(Class::Refused, "trustpath::cli::no_consent", message).help("say it beforehand: --yes")
}

fn declined() -> Problem {
    Problem::new(Class::Refused, "trustpath::cli::declined", "you said no").help("nothing was changed")
}

fn unheard() -> Problem {
    Problem::new(Class::Refused, "trustpath::cli::no_answer", "the answer could not be read, and nothing was changed")
        .help("say it beforehand: --yes")
}

fn interrupted() -> Problem {
    Problem::new(Class::Interrupted, "trustpath::cli::interrupted", "interrupted before anything was changed")
        .help("run it again when you are ready")
}

#[cfg(test)]
mod tests {
    use super::meaning;

    #[test]
    fn only_a_clear_word_counts() {
        assert_eq!(
            [meaning("yes"), meaning(" Y "), meaning("NO"), meaning("n")],
            [Some(true), Some(true), Some(false), Some(false)]
        );
        assert_eq!([meaning(""), meaning("yess"), meaning("maybe"), meaning("1")], [None; 4]);
    }
}
