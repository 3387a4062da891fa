//! A chain that is there, told as a graph file.

use serde_json::{Map, Value, json};
use trustpath_core::{
    Answers, Import, ImportedStep, Kind, ObjectAddress, Reads, Result,
    file::written,
    run::{NamedImport, import_chain},
};

use super::shelf::item::Item;

/// `a` stands on `b` and `c`, `b` on `c` and `d`; `c` cannot be told, and the kind does not take what is said of `d`.
struct Letters;

impl Import for Letters {
    fn reads(&self, _: &Value, _: &Answers) -> Reads {
        Reads::none()
    }

    fn step(&self, at: &Value, _: &Answers) -> Result<ImportedStep> {
        let name = at.as_str().unwrap_or_default();
        let to = |at: &str| ObjectAddress { of: "letter", at: at.into() };
        let needs = match name {
            "a" => vec![to("b"), to("c")],
            "b" => vec![to("c"), to("d")],
            _ => Vec::new(),
        };
        let key = if name == "d" { "thing" } else { "item" };
        let with = (name != "c").then(|| Map::from_iter([(key.to_owned(), json!(name))]));
        let notes = with.is_none().then(|| "it may not\nbe read".to_owned()).into_iter().collect();
        Ok(ImportedStep { name: "letter", with, needs, notes, ..ImportedStep::default() })
    }
}

static KIND: Kind = Kind::managed::<Item>("letter", "A letter").importing("letter", &Letters);

async fn told(of: &'static str) -> Result<Vec<NamedImport>> {
    import_chain(&[&KIND], ObjectAddress { of, at: json!("a") }, &Default::default()).await
}

#[tokio::test]
async fn each_object_is_told_once_and_what_cannot_be_told_is_a_comment() {
    let chain = told("letter").await.expect("a chain");
    let file = written("The chain", &chain).expect("a graph file");
    insta::assert_snapshot!(file, @r#"
    graph = "the-chain"

    # letter-4, of the kind letter:
    # no step can say it: thing: unknown field `thing`, expected one of `item`, `fields`, `mutant`, `irreversible`, `provisional_without`, `goes_with`

    # letter-3, of the kind letter:
    # it may not
    # be read

    [steps.letter-2]
    uses = "letter"

    [steps.letter-2.with]
    item = "b"

    [steps.letter]
    uses = "letter"
    needs = ["letter-2"]

    [steps.letter.with]
    item = "a"
    "#);
}

#[tokio::test]
async fn what_no_kind_tells_is_refused() {
    let refused = told("digit").await.expect_err("it was told");
    assert!(refused.to_string().contains("no kind of this program tells a digit"), "{refused}");
}
