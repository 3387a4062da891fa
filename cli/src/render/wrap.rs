//! Lines that are no wider than there is room for, broken at spaces and never inside a word.

use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm, core::display_width};

/// How much further in a line goes on than it began.
const HANGING: &str = "  ";

/// One line as several. A word that is wider than all of it stays whole.
pub(crate) fn wrap(line: &str, columns: usize, first: &str, others: &str) -> String {
    let options = Options::new(columns)
        .initial_indent(first)
        .subsequent_indent(others)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit);
    textwrap::fill(line, options)
}

/// A text without lines that a terminal would break, wherever it happens to. A line goes on below its own beginning.
pub(crate) fn fitted(text: &str, columns: usize) -> String {
    text.split_inclusive('\n').map(|line| fitted_line(line, columns)).collect()
}

fn fitted_line(line: &str, columns: usize) -> String {
    let (said, end) = line.strip_suffix('\n').map_or((line, ""), |said| (said, "\n"));
    if display_width(said) <= columns {
        return line.to_owned();
    }
    // Colours may begin before the indent; the line that joins steps goes on.
    let plain = anstream::adapter::strip_str(said).to_string();
    let indent: String = plain.chars().take_while(|c| matches!(c, ' ' | '│')).collect();
    wrap(said, columns, "", &format!("{indent}{HANGING}")) + end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_broken_at_spaces_and_goes_on_below_its_beginning() {
        let text = "short\n    warning: a sentence that is longer than that\nend";
        assert_eq!(fitted(text, 24), "short\n    warning: a sentence\n      that is longer\n      than that\nend");
    }

    #[test]
    fn a_word_stays_whole_and_colours_have_no_width() {
        assert_eq!(
            fitted("see https://vault.example.com:8200 there", 12),
            "see\n  https://vault.example.com:8200\n  there"
        );
        assert_eq!(fitted("\u{1b}[1mtwelve\u{1b}[0m chars", 12), "\u{1b}[1mtwelve\u{1b}[0m chars");
        assert_eq!(fitted("✓ äöü: made\n", 11), "✓ äöü: made\n");
        assert_eq!(fitted("│   \u{1b}[1m✓\u{1b}[0m a proof", 10), "│   \u{1b}[1m✓\u{1b}[0m a\n│     proof");
    }
}
