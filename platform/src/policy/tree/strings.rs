//! Texts, and what they say (`hcl/scanner`, `hcl/strconv` and `hcl/token` of the servers' parser, and Go's `strconv`).

use std::sync::LazyLock;

use regex_lite::Regex;

use super::token::is_in_word;

/// A piece of a text in quotes.
static PIECE: LazyLock<Regex> = LazyLock::new(|| {
    let escape = r"\\(?:[abfnrtv\\\x22]|[0-7]{3}|x[[:xdigit:]]{2}|u[[:xdigit:]]{4}|U[[:xdigit:]]{8})";
    Regex::new(&format!(r"^(?:[^\x22\\\r\n\x00${{}}]+|\$\{{|\r?\n|[$\x22\r{{}}]|{escape})")).expect("it is a constant")
});

/// The line that begins a heredoc.
static ANCHOR: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^<<(-?([^\r\n]+)\r??)\r?\n").expect("it is a constant"));

/// A text, which may say nothing, and its length; or where it is wrong, and why.
type Text = Result<(Option<String>, usize), (usize, &'static str)>;

/// A text in quotes. In HCL, whatever is between `${` and `}` stands for itself, quotes and escapes included.
pub(super) fn quoted(rest: &str, is_json: bool) -> Text {
    let (mut at, mut braces, mut said) = (1, 0_usize, Some(Vec::new()));
    loop {
        let piece =
            PIECE.find(&rest[at..]).ok_or((at, "this text has no end, or an escape that no server knows"))?.as_str();
        let mut stands_for = Some(piece.as_bytes().to_vec());
        match piece {
            "\"" if braces == 0 => return Ok((said.map(|said| lossless(&said)), at + 1)),
            "\n" | "\r\n" if braces == 0 => return Err((at, "this text has no end on its line")),
            "\r\n" => stands_for = Some(vec![b'\n']),
            "${" if !is_json => braces += 1,
            "{" if braces > 0 => braces += 1,
            "}" if braces > 0 => braces -= 1,
            _ if braces > 0 => stands_for = stands_for.filter(|_| !piece.contains(char::REPLACEMENT_CHARACTER)),
            _ if piece.starts_with('\\') => stands_for = escaped(piece, is_json),
            _ => {}
        }
        said = said.zip(stands_for).map(|(said, more)| [said, more].concat());
        at += piece.len();
    }
}

/// What an escape stands for; `None` where the servers fall over it.
fn escaped(escape: &str, is_json: bool) -> Option<Vec<u8>> {
    let number = |digits, radix| u32::from_str_radix(digits, radix).ok();
    let letter = escape.as_bytes()[1];
    let byte = match letter {
        b'0'..=b'7' => u8::try_from(number(&escape[1..], 8)?).ok()?,
        b'x' => u8::try_from(number(&escape[2..], 16)?).ok()?,
        b'u' | b'U' => return unicode(number(&escape[2..], 16)?, is_json),
        _ => "abfnrtv".find(char::from(letter)).map_or(letter, |at| b"\x07\x08\x0c\n\r\t\x0b"[at]),
    };
    Some(vec![byte])
}

/// HCL takes halves of surrogates for what cannot be shown, and numbers from 2^31 on for negative ones, thus for a byte.
fn unicode(value: u32, is_json: bool) -> Option<Vec<u8>> {
    let letter = match (char::from_u32(value), value) {
        (Some(letter), _) => letter,
        (None, 0x8000_0000..) if !is_json => return Some(vec![value.to_le_bytes()[0]]),
        (None, ..0x11_0000) if !is_json => char::REPLACEMENT_CHARACTER,
        (None, _) => return None,
    };
    Some(letter.to_string().into_bytes())
}

/// A text to the line that ends it: the anchor behind white space, and nothing else.
pub(super) fn heredoc(rest: &str) -> Text {
    let first = ANCHOR.captures(rest).filter(|first| first[2].chars().all(is_in_word));
    let first = first.ok_or((0, "a name ends the line after `<<`"))?;
    let anchor = &first[1];
    let mut at = first[0].len();
    for line in rest[at..].split_inclusive('\n').filter(|line| line.ends_with('\n')) {
        at += line.len();
        let line = line.strip_suffix("\r\n").or(line.strip_suffix('\n')).unwrap_or(line);
        let name = line.trim_start_matches([' ', '\t', '\x0b', '\x0c', '\r']);
        let behind = name.strip_prefix(anchor.strip_prefix('-').unwrap_or(anchor));
        // Servers count the dash in.
        if line.len() >= anchor.len() && behind.is_some_and(|behind| behind.trim_end_matches('\r').is_empty()) {
            return Ok((unindented(&rest[..at]), at));
        }
    }
    Err((0, "no line ends this text"))
}

/// What a heredoc says. Servers count bytes from the length of its first line: so does this.
fn unindented(raw: &str) -> Option<String> {
    let raw = raw.replace("\r\n", "\n");
    let first = raw.find('\n')?;
    let cut = |more: usize| raw.as_bytes().get(first + 1..(raw.len() + more).checked_sub(first)?);
    let plain = lossless(cut(1)?);
    if !raw.starts_with("<<-") {
        return Some(plain);
    }
    let mut lines: Vec<_> = cut(2)?.split(|byte| *byte == b'\n').collect();
    let indent = lines.pop()?;
    let lines: Option<Vec<_>> =
        lines.into_iter().map(|line| Some(lossless(line.strip_prefix(indent)?) + "\n")).collect();
    Some(lines.map_or_else(|| plain.trim_end_matches([' ', '\t']).to_owned(), |lines| lines.concat()))
}

/// Bytes that are no UTF-8 are kept apart from all others, as letters that no one uses.
fn lossless(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().filter_map(|byte| char::from_u32(0x10_ff00 + u32::from(*byte))));
    }
    text
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r#""a""#, "a")]
    #[case(r#""\a\b\f\n\r\t\v\\\"\x41\101\u00e9\U0001F600""#, "\x07\x08\x0c\n\r\t\x0b\\\"AA\u{e9}\u{1f600}")]
    #[case(r#""\xc3\xa4""#, "\u{e4}")]
    #[case(r#""${ "\n" { } }\n""#, "${ \"\\n\" { } }\n")]
    #[case(r#""\ud83d""#, "\u{fffd}")]
    #[case("\"${\r\n}\\r\\n\"", "${\n}\r\n")]
    fn a_text_says_what_the_servers_read(#[case] raw: &str, #[case] says: &str) {
        assert_eq!(quoted(raw, false), Ok((Some(says.to_owned()), raw.len())));
    }

    #[rstest]
    #[case(r#""\400""#, false)]
    #[case(r#""\U00110000""#, false)]
    #[case("\"${\u{fffd}}\"", false)]
    #[case(r#""\ud83d\ude00""#, true)]
    fn a_text_that_ends_the_request_says_nothing(#[case] raw: &str, #[case] is_json: bool) {
        assert_eq!(quoted(raw, is_json), Ok((None, raw.len())));
    }

    #[rstest]
    #[case("<<EOF\na\n b\nEOF\n", "a\n b\n")]
    #[case("<<EOF\r\na\r\nEOF\r\n", "a\n")]
    #[case("<<EOF\na\n  EOF\n", "a\n  ")]
    #[case("<<-EOF\n  a\n    b\n  EOF\n", "a\n  b\n")]
    #[case("<<-EOF\n a\n  b\n  EOF\n", " a\n  b\n")]
    #[case("<<EOF\nEOF\n", "")]
    fn a_heredoc_says_what_the_servers_read(#[case] raw: &str, #[case] says: &str) {
        assert_eq!(heredoc(raw), Ok((Some(says.to_owned()), raw.len())));
    }
}
