//! Files that are far larger than any that people write.

use std::fmt::Write;

use trustpath_core::file::Source;

use crate::{load_all, loaded, screen};

#[test]
fn a_chain_of_a_hundred_thousand_steps_loads() {
    let mut text = String::new();
    for number in 0..100_000 {
        let needs = if number == 0 { String::new() } else { format!("needs = [\"s{}\"]\n", number - 1) };
        writeln!(text, "[steps.s{number}]\nuses = \"policy\"\n{needs}with = {{ name = \"p{number}\" }}").unwrap();
    }
    let graph = loaded(&text).graph;
    assert_eq!(graph.nodes().len(), 100_000);
    assert_eq!(&*graph.nodes()[99_999].name, "s99999");
}

#[test]
fn a_circle_of_many_steps_is_one_short_mistake() {
    let text: String = (0..10_000)
        .map(|number| format!("[steps.s{number}]\nuses = \"mount\"\nneeds = [\"s{}\"]\n", (number + 1) % 10_000))
        .collect();
    let mistakes = load_all(vec![Source::new("plugins.toml", text)]).err().unwrap();
    assert_eq!(mistakes.iter().len(), 1);
    assert!(mistakes.to_string().contains("and 9990 more"), "{mistakes}");
    assert!(screen(&mistakes).lines().count() < 100);
}

#[test]
fn hundreds_of_mistakes_are_all_reported_in_order() {
    let text: String = (0..300)
        .map(|number| {
            format!("[steps.s{number}]\nuses = \"mount\"\nneeds = [\"gone\"]\nwith = {{ pth = 1, path = 2 }}\nx y\n")
        })
        .collect();
    let mistakes = load_all(vec![Source::new("plugins.toml", text)]).err().unwrap();
    // An unknown need, an unknown key and a wrong value for each step, and the first broken line.
    assert_eq!(mistakes.iter().len(), 901);
    let places: Vec<_> = mistakes.iter().map(|mistake| mistake.labels().unwrap().next().unwrap().offset()).collect();
    assert!(places.is_sorted());
    assert_eq!(screen(&mistakes).matches("╭─[plugins.toml:").count(), 901);
}

#[test]
fn values_nested_beyond_reason_are_refused() {
    for text in [
        "a = ".to_owned() + &"[".repeat(50_000),
        "a.".repeat(50_000) + "b = 1",
        "[".to_owned() + &"a.".repeat(50_000) + "b]",
    ] {
        assert!(load_all(vec![Source::new("plugins.toml", text)]).is_err());
    }
}
