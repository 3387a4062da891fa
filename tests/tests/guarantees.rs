//! `docs/guarantees.md`: every test that a promise names is there.

use std::{collections::BTreeSet, fs, path::Path};

const PAGE: &str = include_str!("../../docs/guarantees.md");

/// The names of all functions in the Rust files below a directory.
fn functions(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).expect("a directory of the workspace") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "target" {
            functions(&path, found);
        } else if name.ends_with(".rs") {
            let text = fs::read_to_string(&path).expect("a Rust file");
            let names = text.split("fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next());
            found.extend(names.map(str::to_owned));
        }
    }
}

#[test]
fn every_promise_is_held_by_tests_that_exist() {
    let mut there = BTreeSet::new();
    functions(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), &mut there);
    let rows: Vec<_> = PAGE.lines().filter(|line| line.starts_with("| ") && line.contains("**")).collect();
    assert!(rows.len() >= 10, "the table of promises is not where it was");
    for row in rows {
        let tests = row.trim_end_matches(['|', ' ']).rsplit('|').next().expect("a last column");
        let names: Vec<_> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "nothing holds this promise: {row}");
        for name in names {
            assert!(there.contains(name), "there is no test `{name}`");
        }
    }
}
