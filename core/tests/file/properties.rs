//! What holds for any text.

use miette::Diagnostic;
use proptest::{prelude::*, sample::Index};
use trustpath_core::file::{Mistakes, Source};

use crate::{load_all, loading::WHOLE, screen};

/// Each label lies in the text that it names, can be shown, and the whole can be printed.
fn hold(mistakes: &Mistakes, texts: &[String]) {
    let source = mistakes.source_code().expect("there is always one");
    assert!(mistakes.iter().len() > 0);
    for label in mistakes.iter().filter_map(|mistake| mistake.labels()).flatten() {
        let span = *label.inner();
        let seen = source.read_span(&span, 0, 0).unwrap_or_else(|_| panic!("{span:?} lies outside of {texts:?}"));
        let index: usize = seen.name().expect("each text has a name").parse().expect("its name is its number");
        let start: usize = texts[..index].iter().map(|text| text.len() + 1).sum();
        assert!(start <= span.offset() && span.offset() + span.len() <= start + texts[index].len(), "{span:?}");
        let lines = texts[index][..span.offset() - start].matches('\n').count();
        assert_eq!(seen.line(), lines, "{span:?} of {texts:?}");
    }
    let screen = screen(mistakes);
    assert!(!screen.contains("Failed to read contents") && !screen.contains('\u{1b}'), "{screen}");
}

fn check(texts: Vec<String>) {
    // Byte order marks have no place.
    let texts: Vec<_> = texts.iter().map(|text| text.trim_start_matches('\u{feff}').to_owned()).collect();
    let source = |(number, text): (usize, &String)| Source::new(number.to_string(), text.as_str());
    if let Err(mistakes) = load_all(texts.iter().enumerate().map(source).collect()) {
        hold(&mistakes, &texts);
    }
}

/// Pieces of which graph files are made, and some of which they are not.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "[steps.a]\n",
        "[steps.b]\n",
        "[steps.a.with]\n",
        "[[steps]]\n",
        "[run]\n",
        "[connections.vault]\n",
        "steps",
        ".",
        "uses = \"role\"\n",
        "uses = \"mount\"\n",
        "uses = \"policy\"\n",
        "uses = \"x\"\n",
        "needs = [\"a\"]\n",
        "needs = [\"b\", 1]\n",
        "with = { name = \"x\" }\n",
        "with.name = 1\n",
        "with.tune = {}\n",
        "with.tune.max_ttl = 1\n",
        "with.reviewer = { file = {} }\n",
        "with.reviewer = [1]\n",
        "with.tune.listed = [{ name = 1 }, {}, 3]\n",
        "graph = 1\n",
        "step_timeout = \"x\"\n",
        "server = 1\n",
        "\"\"\"",
        "'",
        "\"",
        "[",
        "]",
        "{",
        "}",
        "=",
        " = ",
        "\n",
        "\r\n",
        "\r",
        "1979-05-27",
        "nan",
        "0x1F",
        "é",
        "\u{1b}",
        "\u{85}",
        "\u{feff}",
        "# ",
        ",",
        "a",
        "-",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// A file that loads, with some of its characters taken out, doubled, or replaced.
fn mutated() -> impl Strategy<Value = String> {
    let edit = (any::<Index>(), 0usize..12, prop::option::of(".{0,4}"));
    prop::collection::vec(edit, 1..5).prop_map(|edits| {
        let mut text: Vec<char> = WHOLE.chars().collect();
        for (at, length, with) in edits {
            let start = at.index(text.len().max(1)).min(text.len());
            let end = (start + length).min(text.len());
            let with: Vec<char> = with.map_or_else(|| text[start..end].repeat(2), |with| with.chars().collect());
            text.splice(start..end, with);
        }
        text.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_loads_or_is_refused_with_places_in_it(text in any::<String>()) {
        check(vec![text]);
    }

    #[test]
    fn any_mixture_of_pieces_does(texts in prop::collection::vec(pieces(), 1..4)) {
        check(texts);
    }

    #[test]
    fn a_mutated_file_does(first in mutated(), second in mutated()) {
        check(vec![first.clone()]);
        check(vec![WHOLE.to_owned(), second]);
    }

    #[test]
    fn any_setting_is_one_value_or_none(
        key in ".{0,8}|[a-c.\"]{1,6}|[a-c]{1,3}|[a-c]{1,3}\\.[a-c]{1,3}|[a-c]\\.\"[a-c.]{1,3}\"",
        value in ".{0,12}|[a-c\\[\\]{}= \"'0-9]{0,8}",
    ) {
        let setting = format!("{key}={value}");
        // Where most were refused, nothing would be shown.
        let source = Source::set(&setting).map_err(|_| TestCaseError::reject("it is no setting"))?;
        let mistakes = load_all(vec![source]).err().expect("there are no steps");
        for mistake in mistakes.iter() {
            let code = mistake.code().expect("each has one").to_string();
            prop_assert!(!code.ends_with("::syntax") && !code.ends_with("::not_toml"), "{setting}: {mistake}");
        }
    }
}
