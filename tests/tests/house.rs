//! The house: which crate may depend on which, what the repository holds, what a release must not grow beyond.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde_json::Value;
use trustpath_tests::cargo::cargo;

/// Every package of this workspace, and the packages of this workspace that its *product* part depends on.
fn arrows() -> BTreeMap<String, Vec<String>> {
    let output = cargo(&["metadata", "--no-deps", "--format-version", "1", "--offline"]).output().unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    let own: Vec<_> = packages.iter().map(name).collect();
    let normal = |package: &Value| {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let normal = dependencies.filter(|dependency| dependency["kind"].is_null()).map(name);
        normal.filter(|dependency| own.contains(dependency)).collect()
    };
    packages.iter().map(|package| (name(package), normal(package))).collect()
}

fn allowed(from: &str) -> Vec<&'static str> {
    match from {
        "trustpath-core" => vec![],
        "trustpath-platform" => vec!["trustpath-core"],
        step if step.starts_with("trustpath-step-") => vec!["trustpath-core", "trustpath-platform"],
        other => panic!("{other} is not part of the product"),
    }
}

#[test]
fn arrows_point_down() {
    let arrows = arrows();
    let product = arrows.iter().filter(|(name, _)| {
        ["trustpath-core", "trustpath-platform"].contains(&name.as_str()) || name.starts_with("trustpath-step-")
    });
    for (from, to) in product {
        for dependency in to {
            assert!(allowed(from).contains(&dependency.as_str()), "{from} must not depend on {dependency}");
        }
    }
    let links = |step: &Path| arrows["trustpath-cli"].contains(&format!("trustpath-step-{}", name_of(step)));
    assert_eq!(steps().iter().find(|step| !links(step)), None, "a crate of steps that the program does not have");
    for (from, to) in &arrows {
        let serves_tests = |name: &&String| {
            ["trustpath-sandbox", "trustpath-provision", "trustpath-tests", "trustpath-conformance"]
                .contains(&name.as_str())
        };
        if from == "trustpath-cli" {
            assert_eq!(to.iter().find(serves_tests), None, "the program must not depend on what tests it");
        }
    }
}

#[test]
fn every_kind_has_its_page() {
    for step in steps() {
        let page = step.join(format!("../../docs/steps/{}.md", name_of(&step)));
        assert!(page.is_file(), "{} is not there", page.display());
    }
}

/// The crates of the kinds.
fn steps() -> Vec<PathBuf> {
    let listed = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../steps")).expect("the crates of steps");
    listed.map(|entry| entry.expect("an entry").path()).collect()
}

fn name_of(step: &Path) -> String {
    step.file_name().expect("a name").to_string_lossy().into_owned()
}

#[test]
fn ci_runs_the_command_of_the_readme() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    for command in ["cargo xtask demo", "cargo xtask test"] {
        assert!(read("README.md").contains(command), "the README does not say `{command}`");
    }
    assert!(read(".ci/run").lines().any(|line| line == "cargo xtask test"));
}

/// What is shipped may differ from what is tested in size and speed alone, and what is run in its place in the effort to build it.
#[test]
fn what_is_shipped_unwinds_and_overflows_as_what_is_tested_does() {
    let manifest = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml")).unwrap();
    let manifest: toml::Table = toml::from_str(&manifest).unwrap();
    let keys = |profile: &str| {
        let profile = manifest["profile"][profile].as_table().unwrap().iter();
        let mut keys: Vec<_> = profile.map(|(key, value)| format!("{key} = {value}")).collect();
        keys.sort();
        keys
    };
    let shipped = ["codegen-units = 1", "lto = \"fat\"", "opt-level = \"z\"", "overflow-checks = true", "strip = true"];
    assert_eq!(keys("release"), shipped);
    assert_eq!(keys("release-like"), ["codegen-units = 16", "inherits = \"release\"", "lto = \"off\""]);
}
