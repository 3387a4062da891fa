//! What texts stand for (`hcl/strconv`, Go's `strconv`, and `hcl/token` of the servers' parser).

/// A text in quotes, to what it says; `None` where the servers fall over it.
pub(super) fn unquoted(raw: &str, is_json: bool) -> Option<String> {
    let raw = raw.replace("\r\n", "\n");
    let mut rest = raw.strip_prefix('"')?.strip_suffix('"')?;
    let mut said = Vec::new();
    while let Some(letter) = rest.chars().next() {
        if !is_json && rest.starts_with("${") {
            let length = interpolation(rest)?;
            said.extend_from_slice(&rest.as_bytes()[..length]);
            rest = &rest[length..];
        } else if letter == '\\' {
            rest = escape(&rest[1..], is_json, &mut said)?;
        } else {
            let length = letter.len_utf8();
            said.extend_from_slice(&rest.as_bytes()[..length]);
            rest = &rest[length..];
        }
    }
    Some(lossless(&said))
}

/// The length of `${…}`, which stands for itself, escapes included.
fn interpolation(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 1 => return Some(at + 1),
            '}' => depth -= 1,
            char::REPLACEMENT_CHARACTER => return None,
            _ => {}
        }
    }
    None
}

/// What stands behind a backslash; what is left of the text is given back.
fn escape<'t>(text: &'t str, is_json: bool, said: &mut Vec<u8>) -> Option<&'t str> {
    let letter = text.chars().next()?;
    let number = |radix, from: usize, digits: usize| {
        let value = u32::from_str_radix(text.get(from..from + digits)?, radix).ok()?;
        Some((value, &text[from + digits..]))
    };
    let byte = match letter {
        'a' => 0x07,
        'b' => 0x08,
        'f' => 0x0c,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0x0b,
        '\\' | '"' => letter as u8,
        'x' | '0'..='7' => {
            let (value, rest) = if letter == 'x' { number(16, 1, 2)? } else { number(8, 0, 3)? };
            said.push(u8::try_from(value).ok()?);
            return Some(rest);
        }
        _ => {
            let (value, rest) = number(16, 1, if letter == 'u' { 4 } else { 8 })?;
            unicode(value, is_json, said)?;
            return Some(rest);
        }
    };
    said.push(byte);
    Some(&text[1..])
}

/// HCL takes halves of surrogates for what cannot be shown, and numbers from 2^31 on for negative ones, thus for a byte.
fn unicode(value: u32, is_json: bool, said: &mut Vec<u8>) -> Option<()> {
    let letter = match char::from_u32(value) {
        Some(letter) => letter,
        None if is_json || (0x11_0000..=0x7fff_ffff).contains(&value) => return None,
        None if value > 0x7fff_ffff => {
            said.push(value.to_le_bytes()[0]);
            return Some(());
        }
        None => char::REPLACEMENT_CHARACTER,
    };
    said.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
    Some(())
}

/// A heredoc, to what it says. Servers count bytes from the length of its first line: so does this.
pub(super) fn heredoc(raw: &str) -> Option<String> {
    let raw = raw.replace("\r\n", "\n");
    let first = raw.find('\n')?;
    let cut = |less: usize| raw.as_bytes().get(first + 1..(raw.len() + less).checked_sub(first)?);
    let plain = cut(1)?;
    if !raw.starts_with("<<-") {
        return Some(lossless(plain));
    }
    let lines: Vec<_> = cut(2)?.split(|byte| *byte == b'\n').collect();
    let (indent, lines) = lines.split_last()?;
    if lines.iter().any(|line| !line.starts_with(indent)) {
        return Some(lossless(plain).trim_end_matches([' ', '\t']).to_owned());
    }
    let lines: Vec<_> = lines.iter().map(|line| lossless(&line[indent.len()..]) + "\n").collect();
    Some(lines.concat())
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
    fn a_text_says_what_the_servers_read(#[case] raw: &str, #[case] says: &str) {
        assert_eq!(unquoted(raw, false).as_deref(), Some(says));
    }

    #[rstest]
    #[case(r#""\400""#, false)]
    #[case(r#""\U00110000""#, false)]
    #[case("\"${\u{fffd}}\"", false)]
    #[case(r#""\ud83d\ude00""#, true)]
    fn a_text_that_ends_the_request_says_nothing(#[case] raw: &str, #[case] is_json: bool) {
        assert_eq!(unquoted(raw, is_json), None);
    }

    #[rstest]
    #[case("<<EOF\na\n b\nEOF\n", "a\n b\n")]
    #[case("<<EOF\r\na\r\nEOF\r\n", "a\n")]
    #[case("<<EOF\na\n  EOF\n", "a\n  ")]
    #[case("<<-EOF\n  a\n    b\n  EOF\n", "a\n  b\n")]
    #[case("<<-EOF\n a\n  b\n  EOF\n", " a\n  b\n")]
    #[case("<<EOF\nEOF\n", "")]
    fn a_heredoc_says_what_the_servers_read(#[case] raw: &str, #[case] says: &str) {
        assert_eq!(heredoc(raw).as_deref(), Some(says));
    }
}
