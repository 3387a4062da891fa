//! Writing a configuration over an object, and taking fields out of one.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    field_set::FieldSet,
    path::{Path, Step},
    shape::{Merge, Shape, key_step},
};

/// Writes `config` over `live`, each place in the way that its shape says.
pub(crate) fn merge(live: &mut Value, config: &Value, shape: Shape<'_>) {
    let same_type = live.is_object() == config.is_object() && live.is_array() == config.is_array();
    match (config, shape.merge(config)) {
        (Value::Object(config), Merge::Map) if same_type => {
            let live = crate::object::map(live);
            for (name, value) in config {
                match live.get_mut(name) {
                    Some(there) => merge(there, value, shape.field(name)),
                    None => _ = live.insert(name.clone(), value.clone()),
                }
            }
        }
        (Value::Array(config), how) if same_type && how != Merge::Atomic => {
            if let Value::Array(live) = live {
                merge_items(live, config, &how, shape.item());
            }
        }
        _ => *live = config.clone(),
    }
}

fn merge_items(live: &mut Vec<Value>, config: &[Value], how: &Merge, shape: Shape<'_>) {
    for item in config {
        let step = match how {
            Merge::ListByKey(keys) => key_step(item, keys),
            _ => Step::Value(item.to_string()),
        };
        match live.iter_mut().find(|there| step.is_item(there)) {
            Some(there) => merge(there, item, shape),
            None => live.push(item.clone()),
        }
    }
}

/// Takes out what was applied before and is `owned` by no one now. A field goes with all that it
/// holds, be that ever so unowned: the server's defaults in a map go with the map.
pub(crate) fn prune(object: &mut Value, last: &FieldSet, owned: &FieldSet) {
    let metadata = Path(vec![Step::Field("metadata".to_owned())]);
    let holders = last.iter().flat_map(|path| std::iter::successors(Some(path.clone()), Path::parent));
    let gone: BTreeSet<_> = holders.filter(|path| *path != metadata && !owned.reaches(path)).collect();
    for path in gone {
        remove(object, &path.0);
    }
}

fn remove(value: &mut Value, steps: &[Step]) {
    let Some((step, rest)) = steps.split_first() else { return };
    match (value, step) {
        (Value::Object(map), Step::Field(name)) if rest.is_empty() => _ = map.shift_remove(name),
        (Value::Object(map), Step::Field(name)) => {
            if let Some(child) = map.get_mut(name) {
                remove(child, rest);
            }
        }
        (Value::Array(items), step) => {
            let found = items.iter().position(|item| step.is_item(item));
            match found {
                Some(index) if rest.is_empty() => _ = items.remove(index),
                Some(index) => remove(&mut items[index], rest),
                None => {}
            }
        }
        _ => {}
    }
}
