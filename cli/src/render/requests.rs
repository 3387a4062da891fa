//! The requests of a plan, as they would be sent.

use trustpath_core::{RequestList, Shown};

use super::{
    plain::{line, lines},
    style::Style,
};

/// Each request on a line, its body below it.
pub(super) fn requests(list: &RequestList, indent: &str) -> String {
    let mut text = format!("{indent}{}\n", Style::Quiet.of(format!("reads: {}", list.reads)));
    list.writes.iter().for_each(|shown| text += &request("sends:", shown, indent));
    list.proof.iter().for_each(|shown| text += &request("tries:", shown, indent));
    text
}

/// The body keeps its spaces: it is what is sent.
fn request(what: &str, shown: &Shown, indent: &str) -> String {
    let Shown { system, method, path, body } = shown;
    let place = line(&format!("{method} {path}"));
    let mut text = format!("{indent}{} {place} {}\n", Style::Quiet.of(what), Style::Quiet.of(format!("({system})")));
    if !body.is_null() {
        let body = serde_json::to_string_pretty(body).unwrap_or_default();
        text.extend(lines(&body).lines().map(|line| format!("{indent}  {line}\n")));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_keeps_its_spaces_and_nothing_moves_a_terminal() {
        let shown = Shown {
            system: "vault".into(),
            method: "POST".into(),
            path: "sys/policies/acl/a\u{1b}[31m".into(),
            body: json!({"policy": "path  \"a\" {\u{202e}}"}),
        };
        let text = requests(&RequestList { reads: 2, writes: vec![shown.clone()], proof: vec![shown] }, "  ");
        let plain = anstream::adapter::strip_str(&text).to_string();
        let body = "    {\n      \"policy\": \"path  \\\"a\\\" {}\"\n    }\n";
        let expected = format!(
            "  reads: 2\n  sends: POST sys/policies/acl/a (vault)\n{body}  tries: POST sys/policies/acl/a (vault)\n{body}"
        );
        assert_eq!(plain, expected);
    }
}
