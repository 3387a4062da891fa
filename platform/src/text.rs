//! Text from servers, made safe to show.

use std::sync::LazyLock;

use regex_lite::Regex;
use trustpath_core::unseen;

/// The longest text that is kept of anything a server says, in characters.
pub const LONGEST: usize = 600;

/// How many bytes of a page are looked at.
const MARKUP_READ: usize = 64 << 10;

/// Removes control characters and terminal escapes, joins lines with a space, and cuts what is too long.
///
/// What it returns cannot move a cursor, colour a terminal, change the direction of writing, or fake a line.
pub fn clean(text: &str) -> String {
    let mut clean = String::new();
    let mut gap = false;
    let mut chars = text.chars().peekable();
    let mut kept = 0;
    while let Some(char) = chars.next() {
        if char == '\u{1b}' || char == '\u{9b}' {
            skip_escape(char, &mut chars);
            continue;
        }
        if char.is_whitespace() || unseen(char) {
            gap = gap || char.is_whitespace();
            continue;
        }
        if kept >= LONGEST {
            clean.push('…');
            break;
        }
        if gap && !clean.is_empty() {
            clean.push(' ');
        }
        gap = false;
        clean.push(char);
        kept += 1;
    }
    clean
}

/// The first line of text of the page that something before a server answered with, without its markup. Of what looks like
/// JSON nothing is shown: it may be an answer of the server's own that was cut off, with a token in it.
pub(crate) fn first_line_of_page(body: &[u8]) -> String {
    static MARKUP: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?is)<!--.*?-->|<script\b.*?(?:</script>|$)|<style\b.*?(?:</style>|$)|<[a-z/!?][^>]*(?:>|$)")
            .expect("a pattern of this file")
    });
    let text = String::from_utf8_lossy(&body[..body.len().min(MARKUP_READ)]);
    if text.trim_start().starts_with(['{', '[', '"']) {
        return String::new();
    }
    let text = MARKUP.replace_all(&text, "\n");
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line.chars().take(200).collect()
}

/// Skips a CSI sequence (`ESC [ … letter`), an OSC sequence (`ESC ] … BEL`), or a two-character escape.
fn skip_escape(first: char, chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    let kind = if first == '\u{9b}' { Some('[') } else { chars.next() };
    match kind {
        Some('[') => drop(chars.find(|char| ('@'..='~').contains(char))),
        Some(']') => drop(chars.find(|char| matches!(char, '\u{7}' | '\u{9c}' | '\\'))),
        _ => {}
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// How many texts a message names before it counts the rest.
const NAMED: usize = 5;

/// A list that fits into a message: the first of them, and how many more there are.
pub fn few(mut texts: Vec<String>) -> Vec<String> {
    let more = texts.len().saturating_sub(NAMED);
    texts.truncate(NAMED);
    texts.extend((more > 0).then(|| format!("{more} more")));
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_named() {
        let texts: Vec<_> = (0..8).map(|at| at.to_string()).collect();
        assert_eq!(few(texts), ["0", "1", "2", "3", "4", "3 more"]);
    }

    #[test]
    fn what_moves_a_terminal_is_gone() {
        assert_eq!(clean("a\u{1b}[31mred\u{1b}[0m b"), "ared b");
        assert_eq!(clean("x\u{9b}2Jy"), "xy");
        assert_eq!(clean("\u{1b}]0;title\u{7}text"), "text");
        assert_eq!(clean("one\r\n\ttwo\u{0}\u{8}"), "one two");
        assert_eq!(clean("abc\u{202e}cba"), "abccba");
    }

    #[test]
    fn what_is_too_long_is_cut() {
        let cut = clean(&"x".repeat(LONGEST * 2));
        assert_eq!(cut.chars().count(), LONGEST + 1);
        assert!(cut.ends_with('…'));
    }

    #[test]
    fn lists_read_like_sentences() {
        let items = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
        assert_eq!(listed(&items), "a, b and c");
        assert_eq!(listed(&items[..2]), "a and b");
        assert_eq!(listed(&items[..1]), "a");
        assert_eq!(listed(&[]), "");
    }

    #[test]
    fn an_answer_that_was_cut_off_is_not_quoted() {
        for cut in [r#"{"auth":{"client_token":"hvs.secret"#, " \n[\"hvs.secret", "\"hvs.secret"] {
            assert_eq!(first_line_of_page(cut.as_bytes()), "", "{cut}");
        }
    }

    #[test]
    fn a_page_tells_its_first_line_of_text() {
        for (page, line) in [
            ("<h1>Bad Gateway</h1>", "Bad Gateway"),
            ("<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>x", "403 Forbidden"),
            (
                "<!doctype html><!-- a > b --><style>b { x }</style><SCRIPT>if (a<b) {}</SCRIPT><p>Sign in</p>",
                "Sign in",
            ),
            ("<script>var token = 'x'", ""),
            ("RBAC: access denied", "RBAC: access denied"),
            ("\n\n a < b\nsecond", "a < b"),
            ("", ""),
        ] {
            assert_eq!(first_line_of_page(page.as_bytes()), line, "{page}");
        }
        assert_eq!(first_line_of_page("x".repeat(999).as_bytes()).len(), 200);
    }
}
