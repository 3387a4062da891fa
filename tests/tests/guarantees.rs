//! `docs/guarantees.md`: every test that a promise names is there, and no other is called the same.

use std::{fs, path::Path};

const PAGE: &str = include_str!("../../docs/guarantees.md");

/// The files that list cases, and the test binaries that these belong to.
const CASES: [(&str, &str); 2] = [(include_str!("e2e/cases.rs"), "e2e"), (include_str!("sweeps/main.rs"), "sweeps")];

/// All tests: a function with an attribute that makes it one by its file and its name, a case by its binary and its name.
fn tests() -> Vec<String> {
    let mut found: Vec<_> = CASES.iter().flat_map(|(list, binary)| cases(list, binary)).collect();
    functions(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), "", &mut found);
    found.sort();
    found.dedup();
    found
}

/// What stands between the brackets of `cases![…]`.
fn cases(list: &str, binary: &str) -> Vec<String> {
    let lists = list.split("cases![").skip(1).filter_map(|rest| rest.split(']').next());
    let names = lists.flat_map(|names| names.split(',')).map(str::trim).filter(|name| !name.is_empty());
    names.map(|name| format!("{binary}::{name}")).collect()
}

fn functions(directory: &Path, module: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(directory).expect("a directory of the workspace") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "target" {
            functions(&path, &format!("{module}::{name}"), found);
        } else if let Some(stem) = name.strip_suffix(".rs") {
            let text = fs::read_to_string(&path).expect("a Rust file");
            found.extend(with_attributes(&text).map(|test| format!("{module}::{stem}::{test}")));
        }
    }
}

/// The functions of a file that have `#[test]`, `#[tokio::test]`, `#[rstest]` or the like above them.
fn with_attributes(text: &str) -> impl Iterator<Item = &str> {
    let mut is_test = false;
    text.lines().map(str::trim).filter_map(move |line| {
        let was_test = std::mem::take(&mut is_test);
        if line.starts_with("#[") || line.starts_with("//") {
            is_test = was_test || (line.starts_with("#[") && line.contains("test"));
            return None;
        }
        let name = line.split("fn ").nth(1)?.split(['(', '<']).next()?;
        was_test.then_some(name)
    })
}

/// The tests that this name stands for: all of its own, or the end of a longer one.
fn called<'a>(name: &str, tests: &'a [String]) -> Vec<&'a String> {
    tests.iter().filter(|test| test.strip_suffix(name).is_some_and(|rest| rest.ends_with("::"))).collect()
}

#[test]
fn every_promise_is_held_by_tests_that_exist() {
    let there = tests();
    let rows: Vec<_> = PAGE.lines().filter(|line| line.starts_with("| ") && line.contains("**")).collect();
    assert!(rows.len() >= 10, "the table of promises is not where it was");
    for row in rows {
        let tests = row.trim_end_matches(['|', ' ']).rsplit('|').next().expect("a last column");
        let names: Vec<_> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "nothing holds this promise: {row}");
        for name in names {
            let found = called(name, &there);
            assert_eq!(found.len(), 1, "`{name}` is to be the name of one test: {found:?}");
        }
    }
}

#[test]
fn a_name_that_several_tests_have_is_not_enough() {
    let text = "#[test]\nfn a() {}\n/// One.\n#[tokio::test]\n// Why.\nasync fn b() {}\nfn c() {}\n#[allow(unused)]\nfn d() {}";
    assert_eq!(with_attributes(text).collect::<Vec<_>>(), ["a", "b"]);
    let tests = ["e2e::x::a", "e2e::y::a", "e2e::y::ba"].map(str::to_owned);
    assert_eq!(called("a", &tests).len(), 2);
    assert_eq!(called("y::a", &tests), ["e2e::y::a"]);
    assert!(called("z", &tests).is_empty());
    assert_eq!(cases("cases![\n    x::a,\n    y::a,\n];", "e2e"), ["e2e::x::a", "e2e::y::a"]);
}
