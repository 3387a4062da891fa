//! The snippets of the pages. What is shown of a file stands in it (```` ```rust,ignore tests/own-step/src/lib.rs ````), and TOML
//! loads as a graph file. All other Rust is compiled: the pages are doctests of this crate.

use std::{
    fs,
    path::{Path, PathBuf},
};

use trustpath_cli as _;
use trustpath_core::{
    Facts, Kind,
    file::{Source, load},
};
use trustpath_platform::{Connections, VaultServer};

/// What a page may show that nothing here can check.
const WORDS: [&str; 4] = ["text", "console", "json", "sh"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}"))
}

fn pages() -> Vec<PathBuf> {
    let below = |directory: &str| fs::read_dir(root().join(directory)).expect("a directory of pages");
    let all = below("docs").chain(below("docs/steps")).map(|entry| entry.expect("an entry").path());
    all.filter(|path| path.extension().is_some_and(|end| end == "md")).chain([root().join("README.md")]).collect()
}

/// The words behind each fence, and what it holds.
fn snippets(page: &str) -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(words) = line.trim_start().strip_prefix("```") else { continue };
        let indent = line.len() - line.trim_start().len();
        let inside = lines.by_ref().take_while(|line| !line.trim_start().starts_with("```"));
        let text = inside.map(|line| format!("{}\n", line.get(indent..).unwrap_or_default())).collect();
        found.push((words.split([',', ' ']).map(str::to_owned).collect(), text));
    }
    found
}

/// Why a snippet is not what it says it is.
fn wrong(words: &[String], text: &str) -> Option<String> {
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["rust", "ignore", path] | ["toml", path] => match read(path) {
            Ok(file) => (!file.contains(text)).then(|| format!("it is no part of {path}")),
            Err(why) => Some(why),
        },
        ["toml"] => loaded(text).err(),
        ["rust"] => None,
        [word] if WORDS.contains(word) => None,
        other => Some(format!("`{}` is checked by nobody", other.join(","))),
    }
}

/// By itself, where it names its graph; else on top of the standard file.
fn loaded(text: &str) -> Result<(), String> {
    let standard = read("plugins.toml")?;
    let own = Source::new("snippet", text.to_owned());
    let whole = text.lines().any(|line| line.starts_with("graph ="));
    let sources = if whole { vec![own] } else { vec![Source::new("plugins.toml", standard), own] };
    let ambient = |connections: &Connections, facts: &mut Facts| {
        facts.add("[connections.vault]", VaultServer { url: connections.vault.server.clone(), namespace: None });
    };
    match load(sources, &Kind::registered(), Connections::PLACEHOLDERS, ambient) {
        Ok(_) => Ok(()),
        Err(mistakes) => Err(mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

#[test]
fn every_snippet_is_what_it_says() {
    let mut seen = 0;
    for path in pages() {
        let page = fs::read_to_string(&path).expect("a page");
        for (words, text) in snippets(&page) {
            seen += 1;
            if let Some(why) = wrong(&words, &text) {
                panic!("{}: {why}\n{text}", path.display());
            }
        }
    }
    assert!(seen > 15, "the snippets are not where they were: {seen}");
}

#[test]
fn what_is_wrong_is_seen() {
    let words = |words: &str| words.split([',', ' ']).map(str::to_owned).collect::<Vec<_>>();
    let of_the_file = "[workspace]\n";
    assert_eq!(wrong(&words("toml Cargo.toml"), of_the_file), None);
    assert!(wrong(&words("toml Cargo.toml"), "[no-workspace]\n").is_some());
    assert!(wrong(&words("rust,ignore no/file.rs"), "").is_some());
    assert!(wrong(&words("rust,ignore"), "").is_some());
    assert!(wrong(&words("toml"), "[steps.policy.with]\nmistyped = 1\n").is_some());
    assert!(wrong(&words("toml"), "[steps.policy.with]\nname = \"b\"\n").is_none());
    assert!(wrong(&words(""), "fn main() {}").is_some());
    assert_eq!(snippets("a\n  ```toml\n  b\n    c\n  ```\n"), [(vec!["toml".to_owned()], "b\n  c\n".to_owned())]);
}
