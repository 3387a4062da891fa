//! The graph file: what loads, what does not, and what a user is told about it.

mod each;
mod kinds;
mod loading;
mod mistakes;
mod properties;
mod scale;
mod schema;
mod several;

use kinds::{Connections, KINDS, PLACEHOLDERS, with_server};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
use trustpath_core::file::{Loaded, Mistakes, Source, load};

/// Loads texts as a program does.
fn load_all(sources: Vec<Source>) -> Result<Loaded<Connections>, Mistakes> {
    load(sources, KINDS, PLACEHOLDERS, with_server)
}

/// Loads one text that is without mistakes.
fn loaded(text: &str) -> Loaded<Connections> {
    load_all(vec![Source::new("plugins.toml", text)]).unwrap_or_else(|mistakes| panic!("{}", screen(&mistakes)))
}

/// What is wrong with texts, as a user sees it.
fn refused(sources: Vec<Source>) -> String {
    match load_all(sources) {
        Ok(_) => panic!("it loads"),
        Err(mistakes) => screen(&mistakes),
    }
}

fn refused_text(text: &str) -> String {
    refused(vec![Source::new("plugins.toml", text)])
}

fn screen(diagnostic: &dyn Diagnostic) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(100);
    let mut screen = String::new();
    handler.render_report(&mut screen, diagnostic).expect("a String takes everything");
    screen
}
