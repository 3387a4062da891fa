//! JSON as `json/parser` of the servers reads it: it forgives much, and stops at the first brace too many.

use super::{
    Item, Key, Tree, Value,
    hcl::{DEEPEST, expected, literal},
    scanner::Scanner,
    token::{Kind, Token},
};
use crate::policy::misread::Mistake;

pub(super) fn read(text: &str) -> Result<Vec<Item>, Mistake> {
    let mut parser = Parser { scanner: Scanner::new(text, true), last: Kind::End, depth: 0 };
    let first = parser.scan()?;
    if first.kind != Kind::Sign('{') {
        return Err(expected(&first, "`{`"));
    }
    parser.items().map(flat)
}

struct Parser<'t> {
    scanner: Scanner<'t>,
    last: Kind,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn scan(&mut self) -> Result<Token<'t>, Mistake> {
        self.last = Kind::End;
        let token = self.scanner.token()?;
        self.last = token.kind.clone();
        Ok(token)
    }

    /// Items as long as commas follow. A mistake at a closing brace ends them as the brace does, and so does whatever is
    /// no comma, and the end of the text.
    fn items(&mut self) -> Result<Vec<Item>, Mistake> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err((None, "it is nested too deeply".to_owned()));
        }
        let mut items = Vec::new();
        loop {
            match self.item() {
                Ok(Some(item)) => items.push(item),
                Err(mistake) if self.last != Kind::Sign('}') => return Err(mistake),
                Ok(None) | Err(_) => break,
            }
            if self.scan()?.kind != Kind::Sign(',') {
                break;
            }
        }
        self.depth -= 1;
        Ok(items)
    }

    fn item(&mut self) -> Result<Option<Item>, Mistake> {
        let mut keys = Vec::new();
        loop {
            let token = self.scan()?;
            match token.kind {
                Kind::End => return Ok(None),
                Kind::Text(_) => keys.push(Key::read(&token)),
                Kind::Sign(':') if !keys.is_empty() => break,
                _ => return Err(expected(&token, "a key in quotes")),
            }
        }
        let token = self.scan()?;
        let value = match token.kind {
            Kind::End => return Ok(None),
            Kind::Null => Value::Text(String::new()),
            Kind::Sign('{') => Value::Object(self.items()?),
            Kind::Sign('[') => self.list()?,
            _ => literal(&token).ok_or_else(|| expected(&token, "a value"))?,
        };
        Ok(Some(Item { keys, value: Tree { value, at: Some(token.at) } }))
    }

    /// Flags and the brackets of lists within are passed over.
    fn list(&mut self) -> Result<Value, Mistake> {
        let mut list = Vec::new();
        loop {
            let token = self.scan()?;
            let value = match token.kind {
                Kind::Sign(']') => return Ok(Value::List(list)),
                Kind::Sign(',' | '[') | Kind::Bool => continue,
                Kind::Sign('{') => Value::Object(self.items()?),
                _ => literal(&token).ok_or_else(|| expected(&token, "a value or `]`"))?,
            };
            list.push(Tree { value, at: Some(token.at) });
        }
    }
}

/// Objects that hold nothing but objects, and lists of objects, are spread over the keys before them, as blocks of HCL are.
fn flat(items: Vec<Item>) -> Vec<Item> {
    let mut all = Vec::new();
    items.into_iter().for_each(|item| spread(item, &mut all));
    for item in &mut all {
        flatten(&mut item.value);
    }
    all
}

fn flatten(tree: &mut Tree) {
    match &mut tree.value {
        Value::Object(items) => *items = flat(std::mem::take(items)),
        Value::List(list) => list.iter_mut().for_each(flatten),
        _ => {}
    }
}

fn spread(item: Item, into: &mut Vec<Item>) {
    let is_object = |tree: &Tree| matches!(tree.value, Value::Object(_));
    match item.value.value {
        Value::Object(inner) if !inner.is_empty() && inner.iter().all(|item| is_object(&item.value)) => {
            for Item { keys, value } in inner {
                spread(Item { keys: item.keys.iter().cloned().chain(keys).collect(), value }, into);
            }
        }
        Value::List(list) if !list.is_empty() && list.iter().all(is_object) => {
            list.into_iter().for_each(|value| spread(Item { keys: item.keys.clone(), value }, into));
        }
        value => into.push(Item { value: Tree { value, at: item.value.at }, keys: item.keys }),
    }
}
