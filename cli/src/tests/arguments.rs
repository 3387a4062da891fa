//! The words of the command line.

use clap::{CommandFactory as _, Parser as _, error::ErrorKind};

use super::stage::Stage;
use crate::args::{Cli, Format, Subcommands};

#[test]
fn the_declarations_fit_together() {
    Cli::command().debug_assert();
}

#[test]
fn global_options_go_before_and_after_the_verb() {
    for words in [["trustpath", "--output", "json", "runs"], ["trustpath", "runs", "--output", "json"]] {
        let cli = Cli::try_parse_from(words).unwrap();
        assert_eq!(cli.global.output, Format::Json);
        assert!(matches!(cli.verb, Subcommands::Runs(_)));
    }
}

#[test]
fn several_files_and_settings_keep_their_order() {
    let cli = Cli::try_parse_from(["trustpath", "-f", "a", "-f", "b", "plan", "--set", "x=1", "--set", "x=2"]).unwrap();
    assert_eq!(cli.global.files, ["a", "b"].map(std::path::PathBuf::from));
    assert_eq!(cli.global.settings, ["x=1", "x=2"]);
}

#[test]
fn secrets_have_no_option() {
    for option in ["--token", "--vault-token", "--password"] {
        let error = Cli::try_parse_from(["trustpath", "plan", option, "s.x"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownArgument, "{option}");
    }
}

#[test]
fn what_cannot_be_asked_for_is_a_usage_error() {
    let stage = Stage::chain();
    assert_eq!(stage.run(&["aply"]).code, 64);
    assert_eq!(stage.run(&["plan", "--frob"]).code, 64);
    assert_eq!(stage.run(&["plan", "--output", "yaml"]).code, 64);
}

#[test]
fn help_is_short() {
    insta::assert_snapshot!(Cli::command().term_width(100).render_help());
}

#[test]
fn long_help_says_the_rest() {
    insta::assert_snapshot!(Cli::command().term_width(100).render_long_help());
}

#[test]
fn every_verb_has_help() {
    let mut command = Cli::command().term_width(100);
    command.build();
    let mut pages = String::new();
    for verb in command.get_subcommands_mut() {
        pages += &format!("{}\n════\n", verb.render_help());
    }
    insta::assert_snapshot!(pages);
}
