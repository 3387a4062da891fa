//! The text of a policy: what is given, what is written, and whose mark it bears.

use trustpath_platform::{
    mark,
    policy::{Meaning, Misread, Tree, is_json, render},
    vault::Family,
};

/// A policy's text that is understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text {
    /// HCL, without a mark.
    body: String,
    /// What it means.
    pub(crate) meaning: Meaning,
}

impl Text {
    /// Reads a text of the user's. JSON becomes HCL of the same meaning: it has no place for a mark.
    ///
    /// # Errors
    /// When no server understands it, or it allows nothing at all.
    pub(crate) fn given(text: &str) -> Result<Self, Misread> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let meaning = Meaning::read(text)?;
        if meaning.all_paths().is_empty() {
            return Err(Misread::whole("there is no path in it, so it would allow nothing"));
        }
        let body = if is_json(text) { render(&Tree::read(text)?) } else { unmarked(text) };
        Ok(Self { body, meaning })
    }

    /// What is written for this graph.
    pub(crate) fn marked(&self, graph: &str) -> String {
        marked(&self.body, graph)
    }

    /// A text that is there and means the same, with the mark of this graph and nothing else changed. JSON has no place for it.
    pub(crate) fn adopted(&self, there: &str, graph: &str) -> String {
        if is_json(there) { self.marked(graph) } else { marked(&unmarked(there), graph) }
    }

    /// Whether a text on a server means the same. One that is not understood does when it is the same but for marks.
    ///
    /// # Errors
    /// When it is not understood, and another one: then nobody here can tell.
    pub(crate) fn means(&self, there: &str) -> Result<bool, Misread> {
        match Meaning::read(there) {
            Ok(meaning) => Ok(meaning == self.meaning),
            Err(misread) if unmarked(there) != self.body => Err(misread),
            Err(_) => Ok(true),
        }
    }

    /// Why servers of this family refuse what is written, if they do.
    pub(crate) fn refusal(&self, family: Family) -> Option<Misread> {
        let written = Meaning::read(&self.body).ok();
        self.meaning.refusal(family).or(written.as_ref()?.refusal(family)).cloned()
    }
}

fn marked(body: &str, graph: &str) -> String {
    format!("# Managed by trustpath: change it in the graph file, not here. {}\n{body}", mark::Mark::new(graph))
}

/// The graph whose mark a text bears.
pub(crate) fn owner(text: &str) -> Option<String> {
    mark::in_comments(text).map(|mark| mark.graph)
}

/// A text without its lines that are marks.
fn unmarked(text: &str) -> String {
    let kept = text.split_inclusive('\n').filter(|line| mark::in_comment(line).is_none());
    let mut body: String = kept.collect();
    if !body.ends_with('\n') {
        body.push('\n');
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    const HCL: &str = "path \"kv/data/apps/*\" {\n  capabilities = [\"read\"]\n}";

    #[test]
    fn what_is_written_bears_the_mark_and_means_the_same() {
        let text = Text::given(HCL).unwrap();
        let written = text.marked("payments");
        assert!(written.starts_with("# Managed by trustpath"), "{written}");
        assert!(written.ends_with(&format!("\n{HCL}\n")), "{written}");
        assert_eq!(owner(&written).as_deref(), Some("payments"));
        assert_eq!(text.means(&written), Ok(true));
    }

    #[test]
    fn a_text_copied_from_a_server_bears_one_mark() {
        let again = Text::given(&Text::given(HCL).unwrap().marked("payments")).unwrap();
        assert_eq!(again.marked("billing").matches("[trustpath ").count(), 1);
        assert_eq!(owner(&again.marked("billing")).as_deref(), Some("billing"));
    }

    #[test]
    fn json_is_written_as_hcl_with_a_mark() {
        let json = r#"{"path": {"kv/data/apps/*": {"capabilities": ["read"]}}}"#;
        let text = Text::given(json).unwrap();
        assert_eq!(text, Text { body: format!("{HCL}\n"), ..Text::given(HCL).unwrap() });
        assert_eq!(text.means(json), Ok(true));
    }

    #[test]
    fn a_mark_is_a_comment_of_its_own() {
        for text in ["path \"[trustpath graph=x]\" {}", "a # [trustpath graph=x]", "", HCL] {
            assert_eq!(owner(text), None, "{text}");
        }
        assert_eq!(owner("\n  // [trustpath graph=x]\n").as_deref(), Some("x"));
    }

    #[test]
    fn what_allows_nothing_is_no_policy() {
        for text in ["", "# only a comment", "{}", "name = \"x\""] {
            assert!(Text::given(text).unwrap_err().to_string().contains("allow nothing"), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_not_understood_is_compared_as_it_is() {
        let text = Text::given(HCL).unwrap();
        assert!(text.means("garbage {").is_err());
        let same = Text { body: "garbage {\n".to_owned(), ..text };
        assert_eq!(same.means("# [trustpath graph=x]\ngarbage {"), Ok(true));
    }
}
