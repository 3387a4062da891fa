//! HCL. The parser here reads the second generation of the language, the servers the first: what the two read
//! differently is refused.

use std::ops::Range;

use hcl::edit::{
    Span,
    expr::{Expression, Object, ObjectKey},
    parser,
    structure::{Block, BlockLabel, Body, Structure},
};

use super::{Misread, Tree, Value};

pub(super) fn read(text: &str) -> Result<Tree, Misread> {
    let body = parser::parse_body(&braces_joined(text)).map_err(|error| {
        let offset = error.location().offset();
        Misread::new(text, Some(offset), error.message())
    })?;
    let reader = Reader { text };
    body.iter().try_for_each(|structure| reader.check_path(structure))?;
    Ok(Tree { value: reader.body(&body)?, at: None })
}

/// The first generation lets a block begin on a line of its own: there, the line breaks before its brace become spaces, so
/// that every place stays what it was.
fn braces_joined(text: &str) -> String {
    let (mut joined, bytes, mut at, mut is_name) = (text.to_owned(), text.as_bytes(), 0, false);
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let length = match byte {
            b'"' => quoted(rest),
            b'#' => comment(rest, b"\n"),
            b'/' if rest.starts_with(b"//") => comment(rest, b"\n"),
            b'/' if rest.starts_with(b"/*") => comment(rest, b"*/"),
            _ => blank.max(1),
        };
        if blank > 0 && is_name && bytes.get(at + blank) == Some(&b'{') {
            joined.replace_range(at..at + blank, &" ".repeat(blank));
        }
        is_name = byte == b'"' || byte.is_ascii_alphanumeric() || blank > 0 && is_name;
        at += length;
    }
    joined
}

/// The length of a text in quotes, to its end.
fn quoted(rest: &[u8]) -> usize {
    let mut is_escaped = true;
    let end = rest.iter().position(|byte| {
        let ends = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        ends
    });
    end.map_or(rest.len(), |end| end + 1)
}

/// The length of a comment, up to what ends it.
fn comment(rest: &[u8], end: &[u8]) -> usize {
    rest.windows(end.len()).position(|window| window == end).unwrap_or(rest.len()).max(1)
}

struct Reader<'t> {
    text: &'t str,
}

impl Reader<'_> {
    /// Servers take any number of texts after `path`, and mean the first; they refuse `path = …`.
    fn check_path(&self, structure: &Structure) -> Result<(), Misread> {
        let (name, sound) = match structure {
            Structure::Attribute(attribute) => (&attribute.key, false),
            Structure::Block(block) => (&block.ident, block.labels.len() == 1),
        };
        if name.as_str() != "path" || sound {
            return Ok(());
        }
        Err(self.misread(name.span(), "`path` is followed by one path in quotes, and its rules between braces"))
    }

    fn body(&self, body: &Body) -> Result<Value, Misread> {
        body.iter().map(|structure| self.structure(structure)).collect::<Result<_, _>>().map(Value::Object)
    }

    fn structure(&self, structure: &Structure) -> Result<(String, Tree), Misread> {
        match structure {
            Structure::Attribute(attribute) => Ok((attribute.key.to_string(), self.expression(&attribute.value)?)),
            Structure::Block(block) => self.block(block),
        }
    }

    /// `path "kv/*" {…}` is what JSON writes as `"path": {"kv/*": {…}}`.
    fn block(&self, block: &Block) -> Result<(String, Tree), Misread> {
        let at = block.span().map(|span| span.start);
        let mut tree = Tree { value: self.body(&block.body)?, at };
        for label in block.labels.iter().rev() {
            let name = match label {
                BlockLabel::Ident(name) => name.to_string(),
                BlockLabel::String(name) => self.plain(name.as_str(), name.span())?,
            };
            tree = Tree { value: Value::Object(vec![(name, tree)]), at: label.span().map(|span| span.start) };
        }
        Ok((block.ident.to_string(), tree))
    }

    fn expression(&self, expression: &Expression) -> Result<Tree, Misread> {
        let span = expression.span();
        let value = match expression {
            Expression::Bool(value) => Value::Bool(*value.value()),
            Expression::Number(number) => Value::Number(number.value().to_string()),
            Expression::String(text) => Value::Text(self.plain(text.as_str(), span.clone())?),
            Expression::Array(items) => {
                Value::List(items.iter().map(|item| self.expression(item)).collect::<Result<_, _>>()?)
            }
            Expression::Object(object) => self.object(object)?,
            _ => return Err(self.misread(span, "policies have no expressions, templates or heredocs here")),
        };
        Ok(Tree { value, at: span.map(|span| span.start) })
    }

    fn object(&self, object: &Object) -> Result<Value, Misread> {
        let mut entries = Vec::new();
        for (key, value) in object {
            let name = match key {
                ObjectKey::Ident(name) => name.to_string(),
                ObjectKey::Expression(Expression::String(name)) => self.plain(name.as_str(), name.span())?,
                ObjectKey::Expression(other) => return Err(self.misread(other.span(), "a key is a name or a text")),
            };
            self.once(key, value.expr())?;
            entries.push((name, self.expression(value.expr())?));
        }
        Ok(Value::Object(entries))
    }

    /// The parser keeps the first of two equal keys with the value of the last: then there is more between the two
    /// than an equals sign.
    fn once(&self, key: &ObjectKey, value: &Expression) -> Result<(), Misread> {
        let (Some(name), Some(expression)) = (key.span(), value.span()) else { return Ok(()) };
        let between = self.text.get(name.end..expression.start).unwrap_or_default();
        match between.trim() {
            "=" => Ok(()),
            ":" => Err(self.misread(Some(name), "in a policy, an equals sign stands between a key and its value")),
            _ => Err(self.misread(Some(name), "a key is there twice")),
        }
    }

    /// A text that both generations read the same.
    fn plain(&self, text: &str, span: Option<Range<usize>>) -> Result<String, Misread> {
        let raw = span.clone().and_then(|span| self.text.get(span)).unwrap_or(text);
        if raw.contains("${") || raw.contains("%{") {
            let why = "`${` and `%{` mean different things to different servers; the table form quotes them";
            return Err(self.misread(span, why));
        }
        Ok(text.to_owned())
    }

    fn misread(&self, span: Option<Range<usize>>, why: &str) -> Misread {
        Misread::new(self.text, span.map(|span| span.start), why)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::braces_joined;

    #[rstest]
    #[case("path \"a\"\n{\n}", "path \"a\" {\n}")]
    #[case("path \"a\" \r\n\r\n  {}\npath \"b\" {}", "path \"a\"       {}\npath \"b\" {}")]
    #[case("a = \"x\\\"\n{\"\n", "a = \"x\\\"\n{\"\n")]
    #[case("# path \"a\"\n{", "# path \"a\"\n{")]
    #[case("path \"a\" # why\n{", "path \"a\" # why\n{")]
    #[case("/* \"a\"\n{ */ ä", "/* \"a\"\n{ */ ä")]
    #[case("allowed_parameters\n{", "allowed_parameters {")]
    #[case("a = [\n{", "a = [\n{")]
    fn a_brace_on_a_line_of_its_own_belongs_to_the_name_before_it(#[case] text: &str, #[case] joined: &str) {
        assert_eq!(braces_joined(text), joined);
    }
}
