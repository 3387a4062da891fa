//! HCL of the first generation, as `hcl/parser` of the servers reads it.

use super::{
    Item, Key, Tree, Value,
    scanner::Scanner,
    token::{Kind, Token},
};
use crate::policy::misread::Mistake;

/// How deep a text may go. Servers have no limit; no policy of theirs comes near.
pub(super) const DEEPEST: usize = 100;

/// The items of a text, and the first argument that is set twice, which only some servers take.
pub(super) fn read(text: &str) -> Result<(Vec<Item>, Option<Mistake>), Mistake> {
    if let Some(at) = text.find(['\0', '\u{e123}']) {
        return Err((Some(at), "no server takes this character".to_owned()));
    }
    let mut parser = Parser { scanner: Scanner::new(text, false), ahead: None, depth: 0, twice: None };
    let items = parser.items(false)?;
    Ok((items, parser.twice))
}

/// The keys of an item; one that is set to something once more, as it is written.
type Keys<'t> = (Vec<Key>, Option<Token<'t>>);

struct Parser<'t> {
    scanner: Scanner<'t>,
    ahead: Option<Token<'t>>,
    depth: usize,
    twice: Option<Mistake>,
}

impl<'t> Parser<'t> {
    fn scan(&mut self) -> Result<Token<'t>, Mistake> {
        self.ahead.take().map_or_else(|| self.scanner.token(), Ok)
    }

    /// The next token, which stays the next one.
    fn peek(&mut self) -> Result<Token<'t>, Mistake> {
        let token = self.scan()?;
        self.ahead = Some(token.clone());
        Ok(token)
    }

    /// Items up to the brace that ends them, or to the end of the text.
    fn items(&mut self, is_inner: bool) -> Result<Vec<Item>, Mistake> {
        let (mut items, mut seen) = (Vec::new(), Vec::new());
        while !(is_inner && self.peek()?.kind == Kind::Sign('}')) {
            let Some((keys, set)) = self.keys()? else { break };
            let Some(value) = self.value(set.is_some())? else { break };
            if let Some(name) = set {
                if seen.contains(&name.raw) {
                    self.twice.get_or_insert((Some(name.at), format!("{} is set twice", name.raw)));
                }
                seen.push(name.raw);
            }
            items.push(Item { keys, value });
            if self.peek()?.kind == Kind::Sign(',') {
                self.ahead = None;
            }
        }
        Ok(items)
    }

    /// The keys of one item. None at the end of the text.
    fn keys(&mut self) -> Result<Option<Keys<'t>>, Mistake> {
        let (mut keys, mut last) = (Vec::new(), None);
        loop {
            let token = self.scan()?;
            match token.kind {
                Kind::End if keys.is_empty() => return Ok(None),
                Kind::Sign('=') if keys.len() == 1 => return Ok(Some((keys, last))),
                Kind::Sign('{') if !keys.is_empty() => return Ok(Some((keys, None))),
                Kind::Name | Kind::Text(_) => keys.push(Key::read(&token)),
                _ if keys.is_empty() => return Err(expected(&token, "a name")),
                _ => return Err(expected(&token, "`=` or `{`")),
            }
            last = Some(token);
        }
    }

    /// What belongs to keys. None where the text ends behind an equals sign: servers forget the item.
    fn value(&mut self, is_set: bool) -> Result<Option<Tree>, Mistake> {
        if !is_set {
            return self.object().map(|value| Some(Tree { value, at: None }));
        }
        let token = self.scan()?;
        let value = match token.kind {
            Kind::End => return Ok(None),
            Kind::Sign('{') => self.object()?,
            Kind::Sign('[') => self.list()?,
            _ => literal(&token).ok_or_else(|| expected(&token, "a value"))?,
        };
        Ok(Some(Tree { value, at: Some(token.at) }))
    }

    fn object(&mut self) -> Result<Value, Mistake> {
        self.deeper()?;
        let items = self.items(true)?;
        let end = self.scan()?;
        self.depth -= 1;
        if end.kind == Kind::Sign('}') { Ok(Value::Object(items)) } else { Err(expected(&end, "`}`")) }
    }

    /// Commas may be many; behind a list they may be missing.
    fn list(&mut self) -> Result<Value, Mistake> {
        self.deeper()?;
        let (mut list, mut needs_comma) = (Vec::new(), false);
        loop {
            let token = self.scan()?;
            let value = match token.kind {
                Kind::Sign(']') => break,
                Kind::Sign(',') => {
                    needs_comma = false;
                    continue;
                }
                _ if needs_comma => return Err(expected(&token, "`,` or `]`")),
                Kind::Sign('{') => self.object()?,
                Kind::Sign('[') => self.list()?,
                _ => literal(&token).ok_or_else(|| expected(&token, "a value or `]`"))?,
            };
            needs_comma = token.kind != Kind::Sign('[');
            list.push(Tree { value, at: Some(token.at) });
        }
        self.depth -= 1;
        Ok(Value::List(list))
    }

    fn deeper(&mut self) -> Result<(), Mistake> {
        self.depth += 1;
        if self.depth > DEEPEST { Err((None, "it is nested too deeply".to_owned())) } else { Ok(()) }
    }
}

/// A value that stands for itself.
pub(super) fn literal(token: &Token<'_>) -> Option<Value> {
    match &token.kind {
        Kind::Bool => Some(Value::Bool(token.raw == "true")),
        Kind::Number => Some(Value::Number(token.raw.to_owned())),
        Kind::Text(said) | Kind::Heredoc(said) => Some(said.clone().map_or(Value::Unreadable, Value::Text)),
        _ => None,
    }
}

/// What belongs where something else is.
pub(super) fn expected(found: &Token<'_>, what: &str) -> Mistake {
    let there = if found.kind == Kind::End { "the text ends" } else { "something else is there" };
    (Some(found.at), format!("{what} belongs here, and {there}"))
}
