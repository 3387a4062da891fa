//! What is left on a terminal, when the run is finished, of what moved on it.

use std::sync::Arc;

use trustpath_tests::{
    least::Least,
    pair::Pair,
    program::Program,
    terminal::{Line, Shown, run},
};

/// What turns in front of a step that something is being done to.
fn is_live(line: &Line) -> bool {
    line.text.chars().any(|c| ('\u{2800}'..='\u{28ff}').contains(&c))
}

/// A word that is wider than the terminal is broken wherever it is; where a line has spaces, it is broken there.
fn is_broken_in_a_word(line: &Line) -> bool {
    line.is_broken && line.text.trim().contains(' ')
}

fn is_whole(shown: &Shown) {
    let all: Vec<_> = shown.lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(shown.code, 0, "{all:#?}");
    let wrong: Vec<_> = shown.lines.iter().filter(|line| is_live(line) || is_broken_in_a_word(line)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}\nof {all:#?}");
}

async fn there_and_back(program: &Program, size: (u16, u16)) {
    let made = run(program, &["apply", "--yes"], size).await.expect("a terminal");
    println!("{} × {}:\n{}", size.0, size.1, made.screen());
    is_whole(&made);
    assert!(made.lines.len() > usize::from(size.0), "the plan is longer than the screen");
    for done in ["✓ role: created", "The chain holds", "To take it back:"] {
        assert_eq!(made.lines.iter().filter(|line| line.text.contains(done)).count(), 1, "{done}: {made:#?}");
    }
    is_whole(&run(program, &["verify"], size).await.expect("a terminal"));
    is_whole(&run(program, &["rollback", "--yes"], size).await.expect("a terminal"));
}

pub(crate) async fn nothing_of_the_live_view_is_left_and_no_word_is_broken(pair: Arc<Pair>) {
    let (least, program) = Least::standard(&pair).await;
    for columns in [110, 80] {
        there_and_back(&program, (24, columns)).await;
    }
    least.leave(&pair).await;
}
