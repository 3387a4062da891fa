//! The tokens of HCL's first generation and of its JSON, as `hcl/scanner` and `json/scanner` of
//! `github.com/hashicorp/hcl` v1.0.1-vault-7 find them, which both families of servers use.
//!
//! No crate reads this language: those of the registry, such as `hcl-rs`, read its second generation.

use std::sync::LazyLock;

use regex::Regex;

use crate::policy::misread::Mistake;

/// What Go calls a letter, and a digit.
static LETTERS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[_\p{L}]").expect("it is a constant"));
static DIGITS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\p{Nd}").expect("it is a constant"));

/// Stands for the end of a text. A real one ends JSON too, and there is none in HCL.
const END: char = '\0';

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The end of the text.
    End,
    /// A name without quotes, in HCL alone.
    Name,
    /// `true` or `false`.
    Bool,
    /// `null`, in JSON alone.
    Null,
    /// A number of any form.
    Number,
    /// A text in quotes.
    Text,
    /// `<<EOF`, in HCL alone.
    Heredoc,
    /// One of `[]{},.=:`.
    Sign(char),
}

/// A token and where it begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind,
    pub(super) at: usize,
    pub(super) raw: &'t str,
}

/// Takes token by token. Whatever it refuses, the servers refuse.
pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
    is_json: bool,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str, is_json: bool) -> Self {
        Self { text, at: 0, is_json }
    }

    pub(super) fn token(&mut self) -> Result<Token<'t>, Mistake> {
        self.blank()?;
        let at = self.at;
        let kind = match self.next() {
            END => Kind::End,
            '"' => self.quoted(at)?,
            '<' if !self.is_json => self.heredoc(at)?,
            '.' if self.peek().is_ascii_digit() => self.fraction(),
            '-' if self.peek().is_ascii_digit() => self.number(at)?,
            digit if digit.is_ascii_digit() => self.number(at)?,
            sign @ ('[' | ']' | '{' | '}' | ',' | '.') => Kind::Sign(sign),
            sign if sign == if self.is_json { ':' } else { '=' } => Kind::Sign(sign),
            letter if is_letter(letter) => self.name(at)?,
            _ => return Err(Self::mistake(at, "this character has no meaning here")),
        };
        Ok(Token { kind, at, raw: &self.text[at..self.at] })
    }

    fn mistake(at: usize, why: &str) -> Mistake {
        (Some(at), why.to_owned())
    }

    /// A line ends alike on every system.
    fn peek(&self) -> char {
        let rest = &self.text[self.at..];
        if rest.starts_with("\r\n") { '\n' } else { rest.chars().next().unwrap_or(END) }
    }

    fn next(&mut self) -> char {
        let next = self.peek();
        let ahead = &self.text[self.at..];
        self.at += if ahead.starts_with("\r\n") { 2 } else { ahead.chars().next().map_or(0, char::len_utf8) };
        next
    }

    /// Takes what is such a character, and says how much that is.
    fn skip(&mut self, is_such: impl Fn(char) -> bool) -> &'t str {
        let from = self.at;
        while self.peek() != END && is_such(self.peek()) {
            self.next();
        }
        &self.text[from..self.at]
    }

    /// White space and comments.
    fn blank(&mut self) -> Result<(), Mistake> {
        loop {
            self.skip(|letter| matches!(letter, ' ' | '\t' | '\n' | '\r'));
            let rest = if self.is_json { "" } else { &self.text[self.at..] };
            let (begin, end) = match rest.get(..2) {
                _ if rest.starts_with('#') => ("#", "\n"),
                Some("//") => ("//", "\n"),
                Some("/*") => ("/*", "*/"),
                _ => return Ok(()),
            };
            self.at += match rest[begin.len()..].find(end) {
                Some(length) => begin.len() + length + end.len(),
                None if end == "\n" => rest.len(),
                None => return Err(Self::mistake(self.at, "this comment has no end")),
            };
        }
    }

    fn name(&mut self, at: usize) -> Result<Kind, Mistake> {
        let is_json = self.is_json;
        self.skip(|letter| is_letter(letter) || is_digit(letter) || letter == '-' || letter == '.' && !is_json);
        match &self.text[at..self.at] {
            "true" | "false" => Ok(Kind::Bool),
            "null" if is_json => Ok(Kind::Null),
            _ if is_json => Err(Self::mistake(at, "a text belongs between quotes")),
            _ => Ok(Kind::Name),
        }
    }

    fn number(&mut self, at: usize) -> Result<Kind, Mistake> {
        let bad = Self::mistake(at, "this is no number");
        if self.text.as_bytes()[at] == b'-' {
            self.next();
        }
        let is_zero = self.text[..self.at].ends_with('0');
        if is_zero && !self.is_json && matches!(self.peek(), 'x' | 'X') {
            self.next();
            let digits = self.skip(|digit| digit.is_ascii_hexdigit());
            return if digits.is_empty() { Err(bad) } else { Ok(Kind::Number) };
        }
        let digits = self.skip(|digit| digit.is_ascii_digit());
        match self.peek() {
            'e' | 'E' => self.exponent(),
            '.' => {
                self.next();
                self.skip(|digit| digit.is_ascii_digit());
                if matches!(self.peek(), 'e' | 'E') {
                    self.exponent();
                }
            }
            end if self.is_json && is_zero && (!digits.is_empty() || end == END) => return Err(bad),
            _ if !self.is_json && is_zero && digits.get(1..).is_some_and(|rest| rest.contains(['8', '9'])) => {
                return Err(bad);
            }
            _ => {}
        }
        Ok(Kind::Number)
    }

    /// The scanners take one character behind it even where it is no digit.
    fn exponent(&mut self) {
        self.next();
        if matches!(self.peek(), '+' | '-') {
            self.next();
        }
        if !self.next().is_ascii_digit() {
            return;
        }
        self.skip(|digit| digit.is_ascii_digit());
    }

    /// A number that begins with its point. Its exponent is lost on the scanners, but for the letter.
    fn fraction(&mut self) -> Kind {
        self.skip(|digit| digit.is_ascii_digit());
        if matches!(self.peek(), 'e' | 'E') {
            self.next();
        }
        Kind::Number
    }

    /// To its closing quotes. In HCL, quotes and line breaks between `${` and `}` are part of the text.
    fn quoted(&mut self, at: usize) -> Result<Kind, Mistake> {
        let mut braces = 0_usize;
        loop {
            match self.next() {
                END => return Err(Self::mistake(at, "this text has no end")),
                '\n' if braces == 0 => return Err(Self::mistake(at, "this text has no end on its line")),
                '"' if braces == 0 => return Ok(Kind::Text),
                '$' if braces == 0 && !self.is_json && self.peek() == '{' => {
                    self.next();
                    braces = 1;
                }
                '{' if braces > 0 => braces += 1,
                '}' if braces > 0 => braces -= 1,
                '\\' => self.escape()?,
                _ => {}
            }
        }
    }

    fn escape(&mut self) -> Result<(), Mistake> {
        let at = self.at - 1;
        let (radix, digits) = match self.next() {
            'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '\\' | '"' => return Ok(()),
            '0'..='7' => (8, 2),
            'x' => (16, 2),
            'u' => (16, 4),
            'U' => (16, 8),
            _ => return Err(Self::mistake(at, "this is no escape that the servers know")),
        };
        let is_whole = (0..digits).all(|_| self.next().is_digit(radix));
        if is_whole { Ok(()) } else { Err(Self::mistake(at, "this escape lacks digits")) }
    }

    /// To the line that ends it: the anchor behind white space, and nothing else.
    fn heredoc(&mut self, at: usize) -> Result<Kind, Mistake> {
        let bad = |why| Err(Self::mistake(at, why));
        if self.next() != '<' {
            return bad("this character has no meaning here");
        }
        let from = self.at;
        if self.peek() == '-' {
            self.next();
        }
        self.skip(|letter| is_letter(letter) || is_digit(letter));
        let rest = &self.text[from..];
        let Some((first, lines)) = rest.split_once('\n') else { return bad("this text has no end") };
        let anchor = first.strip_suffix('\r').unwrap_or(first);
        if anchor.strip_suffix('\r').unwrap_or(anchor).len() != self.at - from || matches!(anchor, "" | "-") {
            return bad("a name ends the line after `<<`");
        }
        self.at = from + first.len() + 1;
        for line in lines.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
            self.at += line.len();
            let line = line.strip_suffix("\r\n").or(line.strip_suffix('\n')).unwrap_or(line);
            if line.len() >= anchor.len() && ends(line, anchor.strip_prefix('-').unwrap_or(anchor)) {
                return Ok(Kind::Heredoc);
            }
        }
        bad("no line ends this text")
    }
}

fn ends(line: &str, anchor: &str) -> bool {
    let line = line.trim_start_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']);
    line.strip_prefix(anchor).is_some_and(|rest| rest.bytes().all(|byte| byte == b'\r'))
}

fn is_letter(letter: char) -> bool {
    letter.is_ascii_alphabetic() || LETTERS.is_match(letter.encode_utf8(&mut [0; 4]))
}

fn is_digit(digit: char) -> bool {
    digit.is_ascii_digit() || DIGITS.is_match(digit.encode_utf8(&mut [0; 4]))
}
