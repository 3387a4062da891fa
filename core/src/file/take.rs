//! Taking out of a value what serde stumbled over.

use serde_path_to_error::{Path, Segment as Named};
use toml::{
    Spanned,
    de::{DeArray, DeValue},
};

use super::{Span, path::Segment};

/// A value that was taken out.
pub(super) struct Taken<'t> {
    /// The way that led to it.
    pub(super) way: Vec<Segment>,
    /// The value; none when the way does not lead into the whole, which stays then.
    pub(super) value: Option<Spanned<DeValue<'t>>>,
    /// The tables and arrays around it.
    pub(super) around: Vec<Span>,
}

/// Takes out the value at the end of serde's path.
pub(super) fn take<'t>(whole: &mut Spanned<DeValue<'t>>, path: &Path) -> Taken<'t> {
    let way = known_way(whole, path);
    let mut around = vec![whole.span()];
    let Some((last, outer)) = way.split_last() else {
        return Taken { way, value: None, around };
    };
    let mut parent = whole;
    for segment in outer {
        parent = within(parent, segment).expect("the way was walked before");
        around.push(parent.span());
    }
    let value = match (parent.get_mut(), last) {
        (DeValue::Table(table), Segment::Key(key)) => table.remove(key.as_str()),
        (DeValue::Array(array), Segment::Index(index)) => Some(remove(array, *index)),
        _ => None,
    };
    Taken { value, way, around }
}

/// The way of serde's path, as far as it leads through the value: an enum's variant is a key where it is written as a
/// table.
fn known_way(whole: &Spanned<DeValue<'_>>, path: &Path) -> Vec<Segment> {
    let mut way = Vec::new();
    let mut at = whole.get_ref();
    for named in path.iter() {
        let (segment, next) = match (named, at) {
            (Named::Map { key } | Named::Enum { variant: key }, DeValue::Table(table)) => {
                (Segment::Key(key.clone()), table.get(key.as_str()))
            }
            (Named::Seq { index }, DeValue::Array(array)) => (Segment::Index(*index), array.get(*index)),
            _ => break,
        };
        let Some(next) = next else { break };
        way.push(segment);
        at = next.get_ref();
    }
    way
}

fn within<'v, 't>(value: &'v mut Spanned<DeValue<'t>>, segment: &Segment) -> Option<&'v mut Spanned<DeValue<'t>>> {
    match (value.get_mut(), segment) {
        (DeValue::Table(table), Segment::Key(key)) => table.get_mut(key.as_str()),
        (DeValue::Array(array), Segment::Index(index)) => array.get_mut(*index),
        _ => None,
    }
}

fn remove<'t>(array: &mut DeArray<'t>, index: usize) -> Spanned<DeValue<'t>> {
    let mut items: Vec<_> = std::mem::replace(array, DeArray::new()).into_iter().collect();
    let removed = items.remove(index);
    *array = items.into_iter().collect();
    removed
}

/// The way, of this length, to the value at a place: items of an array have other positions once one is taken out.
pub(super) fn way_to(whole: &Spanned<DeValue<'_>>, at: &Span, length: usize) -> Option<Vec<Segment>> {
    let Some(rest) = length.checked_sub(1) else { return (whole.span() == *at).then(Vec::new) };
    let on = |segment: Segment, value| Some([vec![segment], way_to(value, at, rest)?].concat());
    match whole.get_ref() {
        DeValue::Table(table) => {
            table.iter().find_map(|(key, value)| on(Segment::Key(key.get_ref().to_string()), value))
        }
        DeValue::Array(array) => array.iter().enumerate().find_map(|(index, value)| on(Segment::Index(index), value)),
        _ => None,
    }
}
