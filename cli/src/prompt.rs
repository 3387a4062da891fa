//! Asking before anything is written.

use dialoguer::{Input, theme::ColorfulTheme};
use trustpath_core::{Class, Problem, Result, run::Cancel};

use crate::screen::Screen;

/// Returns when the user says yes; `yes` is their word beforehand.
///
/// # Errors
/// When they say no, when nobody is there to ask, or when they are interrupted.
pub(crate) async fn confirm(screen: &Screen, question: &str, yes: bool, cancel: &Cancel) -> Result<()> {
    if yes {
        return Ok(());
    }
    if !screen.asks() {
        return Err(nobody(screen).into());
    }
    // A whole line is read, so that the terminal keeps its usual mode: whatever ends the program leaves it usable.
    let question = question.to_owned();
    let asking = tokio::task::spawn_blocking(move || ask(&question));
    tokio::select! {
        answer = asking => match answer {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(declined().into()),
            Ok(Err(error)) => Err(unheard().because(error).into()),
            Err(error) => Err(unheard().because(error).into()),
        },
        () = cancel.cancelled() => Err(interrupted().into()),
    }
}

fn ask(question: &str) -> dialoguer::Result<bool> {
    let answer = Input::<String>::with_theme(&ColorfulTheme::default())
        .with_prompt(format!("{question} (yes/no)"))
        .validate_with(|answer: &String| meaning(answer).map(drop).ok_or("please say yes or no"))
        .interact()?;
    Ok(meaning(&answer).unwrap_or(false))
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
        true => "with --output json nobody is asked, and nothing is changed without a yes",
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
