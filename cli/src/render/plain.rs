//! Text that a terminal can be trusted with. Every word that comes from a server, a file or a journal goes through here.

use std::fmt::Write;

use trustpath_core::unseen;

/// One line: escapes are stripped, control characters dropped, line ends become spaces.
pub(crate) fn line(text: &str) -> String {
    let stripped = anstream::adapter::strip_str(text).to_string();
    let words = stripped.split_whitespace().map(|word| word.chars().filter(|c| !unseen(*c)).collect::<String>());
    words.collect::<Vec<_>>().join(" ")
}

/// Several lines, as they are: escapes are stripped, control characters but line ends dropped.
pub(super) fn lines(text: &str) -> String {
    let stripped = anstream::adapter::strip_str(text).to_string();
    stripped.chars().filter(|c| matches!(c, '\n' | '\t') || !unseen(*c)).collect()
}

/// A value in a diff: what cannot be seen is written out, since two values may differ in nothing else.
pub(super) fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => visible.push('\t'),
            c if unseen(c) => write!(visible, "\\u{{{:x}}}", u32::from(c)).expect("a string takes everything"),
            c => visible.push(c),
        }
    }
    visible
}

/// A command that can be pasted into a shell.
pub(crate) fn command<S: AsRef<str>>(words: &[S]) -> String {
    let words: Vec<_> = words.iter().map(|word| line(word.as_ref())).collect();
    let shell = shlex::Quoter::new().allow_nul(true);
    shell.join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_moves_a_terminal() {
        assert_eq!(line("a\u{1b}[31mred\u{1b}[0m\r\n b\u{9b}2J\u{202e}c\u{7}"), "ared b2Jc");
        assert_eq!(lines("a\u{1b}]0;title\u{7}b\n\tc\u{8}"), "ab\n\tc");
    }

    #[test]
    fn a_diff_hides_nothing() {
        assert_eq!(visible("a\u{1b}[2J\tb\u{202e}"), "a\\u{1b}[2J\tb\\u{202e}");
    }

    #[test]
    fn commands_are_quoted() {
        assert_eq!(command(&["trustpath", "rollback", "a b; rm -rf ~"]), "trustpath rollback 'a b; rm -rf ~'");
    }
}
