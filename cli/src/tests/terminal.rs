//! Whatever a server, a file, a journal or the command line says: no control character but a line end or a tab reaches
//! the terminal, nothing that turns the direction of writing, and no escape but the colours of this program.

use std::fs;

use proptest::{prelude::*, sample::Index};
use serde_json::json;
use trustpath_core::unseen;

use super::stage::{CHAIN, Ran, Stage};

/// A parameter that none of this program's own colours has.
const HOSTILE: &str = "\u{1b}[1337m";

/// Text that another client made up.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            HOSTILE,
            "\u{1b}[2J",
            "\u{1b}]0;title\u{7}",
            "\u{1b}]8;;http://example.com\u{1b}\\",
            "\u{1b}P1$q\u{9c}",
            "\u{1b}",
            "\u{9b}31m",
            "\u{9d}0;title\u{9c}",
            "\r",
            "\n",
            "\u{8}\u{8}",
            "\u{7f}",
            "\u{85}",
            "\u{2028}",
            "\u{202e}",
            "`",
            "é",
            " ",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 1..8).prop_map(|pieces| pieces.concat())
}

/// What this program colours with: `ESC [ digits m`, and nothing else.
fn without_colours(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("\u{1b}[") {
        plain.push_str(&rest[..start]);
        let behind = &rest[start + 2..];
        let end = behind.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(behind.len());
        if behind[end..].starts_with('m') && !behind[..end].contains("1337") {
            rest = &behind[end + 1..];
        } else {
            plain.push('\u{1b}');
            rest = behind;
        }
    }
    plain + rest
}

fn harmless(words: &[&str], ran: &Ran) {
    for (name, text) in [("stdout", &ran.out), ("stderr", &ran.err)] {
        let shown = without_colours(text);
        let moves = |c: &char| unseen(*c) && !matches!(c, '\n' | '\t');
        assert_eq!(shown.chars().find(moves), None, "trustpath {}: on {name}: {text:?}", words.join(" "));
    }
}

/// Runs a command line for people and for programs.
fn check(stage: &Stage, words: &[&str]) {
    for format in ["text", "json"] {
        let words = [words, &["--output", format]].concat();
        harmless(&words, &stage.run_raw(&words));
    }
}

#[test]
fn the_colours_are_seen_through_and_nothing_else() {
    let ran = |text: &str| Ran { code: 0, out: text.to_owned(), err: String::new() };
    harmless(&[], &ran("\u{1b}[31mred\u{1b}[0m \u{1b}[38;5;1mred\u{1b}[39m\n\t"));
    for hostile in [HOSTILE, "\u{1b}[2J", "\u{1b}", "\u{9b}31m", "\r", "\u{7f}", "\u{202e}"] {
        assert!(std::panic::catch_unwind(|| harmless(&[], &ran(hostile))).is_err(), "{hostile:?} went unseen");
    }
}

#[test]
fn colours_are_there_to_be_seen_through() {
    let stage = Stage::chain();
    assert!(stage.run_raw(&["plan"]).out.contains("\u{1b}["), "the buffers strip what a terminal would get");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_a_server_says_moves_the_terminal(words in hostile(), field in hostile(), value in hostile()) {
        let stage = Stage::chain();
        stage.shelf.put("a", json!({ "size": value, field.clone(): { value.clone(): [value.clone()] } }));
        stage.shelf.put("b", json!({ "text": format!("one\n{value}\nthree\n") }));
        stage.shelf.inside(|shelf| shelf.words = words.clone());
        check(&stage, &["plan"]);
        stage.shelf.inside(|shelf| shelf.refuses.insert("c".to_owned(), 1));
        harmless(&["apply"], &stage.run_raw(&["apply", "--yes", "--adopt", "a", "--adopt", "b"]));
        check(&stage, &["runs"]);
        stage.shelf.inside(|shelf| shelf.broken.insert("b".to_owned()));
        harmless(&["apply"], &stage.run_raw(&["apply", "--yes", "--keep", "--adopt", "a", "--adopt", "b"]));
        check(&stage, &["verify"]);
        stage.shelf.inside(|shelf| drop(shelf.items.get_mut("b").map(|item| item.insert(field.clone(), json!("theirs")))));
        harmless(&["rollback"], &stage.run_raw(&["rollback", "--yes"]));
        check(&stage, &["runs"]);
        stage.shelf.inside(|shelf| shelf.serial = 7);
        harmless(&["rollback"], &stage.run_raw(&["rollback", "--yes"]));
        harmless(&["resume"], &stage.run_raw(&["resume", "--yes"]));
    }

    #[test]
    fn nothing_in_a_graph_file_moves_the_terminal(key in hostile(), value in hostile(), at in any::<Index>(), raw in hostile()) {
        let quoted = |text: &str| toml_string(text);
        let fields = format!("fields = {{ {} = {}, size = 1 }}", quoted(&key), quoted(&value));
        let whole = CHAIN.replace("fields = { size = 1 }", &fields);
        let step = CHAIN.replace("[steps.c]", &format!("[steps.{}]", quoted(&key)));
        let place = at.index(CHAIN.len());
        let broken = format!("{}{raw}{}", &CHAIN[..place], &CHAIN[place..]);
        for file in [whole, step, broken] {
            let stage = Stage::with(&file);
            check(&stage, &["plan"]);
            check(&stage, &["graph"]);
            harmless(&["graph"], &stage.run_raw(&["graph", "--format", "dot"]));
            harmless(&["graph"], &stage.run_raw(&["graph", "--format", "mermaid"]));
            harmless(&["apply"], &stage.run_raw(&["apply", "--yes"]));
            check(&stage, &["runs"]);
        }
    }

    #[test]
    fn nothing_on_the_command_line_does(words in hostile()) {
        // What looks like an option is refused by clap, which repeats it to whoever has typed it.
        prop_assume!(!words.starts_with('-'));
        let stage = Stage::chain();
        let setting = format!("steps.a.with.fields.{words}={words}");
        check(&stage, &["plan", "--set", &setting]);
        check(&stage, &["plan", "--set", &words]);
        check(&stage, &["plan", &words]);
        check(&stage, &["apply", "--adopt", &words]);
        check(&stage, &["rollback", &words]);
        check(&stage, &["resume", &words]);
        check(&stage, &["plan", "-f", &words]);
        check(&stage, &["runs", "--state-dir", &format!("/proc/self/{words}")]);
    }

    #[test]
    fn nothing_in_the_name_of_a_file_does(words in hostile()) {
        let stage = Stage::chain();
        let name: String = words.chars().filter(|c| !matches!(c, '/' | '\0')).take(40).collect();
        let path = stage.path(&format!("x{name}.toml"));
        prop_assume!(fs::write(&path, "graph = 1\n[steps]\n").is_ok());
        check(&stage, &["plan", "-f", path.to_str().unwrap()]);
    }

    #[test]
    fn any_bytes_are_a_graph_file_or_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let stage = Stage::chain();
        fs::write(stage.path("plugins.toml"), bytes).unwrap();
        let ran = stage.run_raw(&["plan"]);
        harmless(&["plan"], &ran);
        prop_assert!(ran.code == 0 || !ran.err.is_empty());
    }

    #[test]
    fn nothing_in_a_journal_does(at in any::<Index>(), words in hostile()) {
        let stage = Stage::chain();
        stage.ok(&["apply", "--yes"]);
        let state = stage.path("state");
        let mut files = fs::read_dir(state).unwrap().map(|entry| entry.unwrap().path());
        let journal = files.find(|path| path.extension().is_some_and(|end| end == "jsonl")).unwrap();
        let bytes = fs::read(&journal).unwrap();
        let (before, behind) = bytes.split_at(at.index(bytes.len()));
        fs::write(&journal, [before, words.as_bytes(), behind].concat()).unwrap();
        check(&stage, &["runs"]);
        check(&stage, &["plan"]);
        harmless(&["rollback"], &stage.run_raw(&["rollback", "--yes"]));
        harmless(&["apply"], &stage.run_raw(&["apply", "--yes"]));
    }
}

/// A TOML string of any text.
fn toml_string(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}
