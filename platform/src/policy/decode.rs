//! Values as the servers' decoder (`decoder.go` of `github.com/hashicorp/hcl`) fits them into what it expects.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    misread::Mistake,
    number::{float, integer, is_float},
    tree::{Item, Tree, Value},
};

/// Texts, each with its place.
pub(super) type Texts = Vec<(Option<usize>, String)>;

/// One text; a whole number is taken for how it is written.
pub(super) fn text(item: &Item) -> Result<String, Mistake> {
    let [_] = &item.keys[..] else { return Err(key_too_many(item)) };
    plain(&item.value)
}

fn plain(tree: &Tree) -> Result<String, Mistake> {
    match &tree.value {
        Value::Text(text) => Ok(text.clone()),
        Value::Number(number) if !is_float(number) => Ok(number.clone()),
        _ => Err((tree.at, "a text belongs here".into())),
    }
}

/// A list of texts; `{}` is an empty one.
pub(super) fn texts(item: &Item) -> Result<Texts, Mistake> {
    let [_] = &item.keys[..] else { return Err(key_too_many(item)) };
    match &item.value.value {
        Value::List(list) => list.iter().map(|one| Ok((one.at, plain(one)?))).collect(),
        Value::Object(items) if items.is_empty() => Ok(Vec::new()),
        _ => Err((item.value.at, "a list of texts belongs here".into())),
    }
}

/// A whole number, which may be written as a text.
pub(super) fn whole(item: &Item) -> Result<i64, Mistake> {
    let number = text(item)?;
    integer(&number).ok_or_else(|| (item.value.at, "a whole number belongs here".into()))
}

/// Adds parameters, each with its values as text.
pub(super) fn parameters(item: &Item, into: &mut BTreeMap<String, BTreeSet<String>>) -> Result<(), Mistake> {
    let [_, rest @ ..] = &item.keys[..] else { return Ok(()) };
    let spread;
    let entries = match (&item.value.value, rest) {
        (Value::Object(items), []) => items,
        (_, []) => return Err((item.value.at, "parameters are names with lists of values, between braces".into())),
        _ => {
            spread = vec![Item { keys: rest.to_vec(), value: item.value.clone() }];
            &spread
        }
    };
    for entry in entries {
        let [name] = &entry.keys[..] else { return Err(key_too_many(entry)) };
        let values = match &entry.value.value {
            Value::List(list) => list.as_slice(),
            Value::Object(_) => std::slice::from_ref(&entry.value),
            _ => return Err((entry.value.at, "a parameter has a list of values".into())),
        };
        values.iter().try_for_each(readable)?;
        into.entry(name.name()?.to_owned()).or_default().extend(values.iter().map(ToString::to_string));
    }
    Ok(())
}

/// Whatever it is: numbers have to be numbers, and texts to say something.
pub(super) fn readable(tree: &Tree) -> Result<(), Mistake> {
    let is_sound = match &tree.value {
        Value::Number(number) if is_float(number) => float(number).is_some(),
        Value::Number(number) => integer(number).is_some(),
        Value::Unreadable => false,
        Value::List(list) => return list.iter().try_for_each(readable),
        Value::Object(items) => {
            return items.iter().try_for_each(|item| {
                item.keys.iter().try_for_each(|key| key.name().map(drop))?;
                readable(&item.value)
            });
        }
        Value::Bool(_) | Value::Text(_) => true,
    };
    if is_sound { Ok(()) } else { Err((tree.at, "no server can read this value".into())) }
}

/// A value that is set again has to be of the kind of the one before it.
pub(super) fn again(before: Option<Value>, tree: &Tree) -> Result<Value, Mistake> {
    readable(tree)?;
    let value = match (before, tree.value.clone()) {
        (Some(Value::Number(before)), Value::Text(text)) if !is_float(&before) => {
            integer(&text).map(|number| Value::Number(number.to_string()))
        }
        (Some(Value::Number(before)), Value::Number(number)) if is_float(&number) && !is_float(&before) => None,
        (Some(Value::Text(_)), Value::Number(number)) if !is_float(&number) => Some(Value::Text(number)),
        (Some(before), value) if std::mem::discriminant(&before) != std::mem::discriminant(&value) => None,
        (_, value) => Some(value),
    };
    value.ok_or_else(|| (tree.at, "it is set again to a value of another kind".into()))
}

fn key_too_many(item: &Item) -> Mistake {
    (item.keys.get(1).map(|key| key.at), "no server can read a second key here".into())
}
