//! Server-side apply and the bookkeeping of field managers (structured-merge-diff, `merge`).

mod compare;
mod field_set;
mod managers;
mod merge;
mod path;
mod shape;
#[cfg(test)]
mod tests;

use serde_json::Value;

pub(crate) use self::managers::{Manager, Operation};
use self::{
    compare::{Comparison, field_set},
    field_set::FieldSet,
    managers::Managers,
    path::Path,
    shape::Shape,
};
use crate::{
    object,
    resource_type::ResourceType,
    status::{Cause, Status},
};

/// Applies `config` to `live` (an empty object, when there is none) in the manager's name.
///
/// # Errors
/// 409, with the other managers and their fields, unless `force` is given.
pub(crate) fn apply(
    kind: &ResourceType,
    live: &Value,
    config: &Value,
    manager: &Manager,
    force: bool,
    now: String,
) -> Result<Value, Status> {
    let shape = Shape::of(kind);
    let mut managers = Managers::of(live);
    let last = managers.fields(manager);
    let time = managers.time(manager);
    managers.set(manager, field_set(config, shape), now.clone());

    let mut merged = live.clone();
    merge::merge(&mut merged, config, shape);
    merge::prune(&mut merged, &last, &managers.owned());

    let change = Comparison::of(live, &merged, shape);
    let conflicts = managers.conflicts(manager, &change);
    if !force && !conflicts.is_empty() {
        return Err(refuse(&conflicts));
    }
    managers.take(manager, &change);
    if let Some(time) = time.filter(|_| change.is_empty()) {
        managers.set(manager, managers.fields(manager), time);
    }
    managers.write(&mut merged);
    Ok(merged)
}

/// Notes in `new` what a write other than an apply has changed, in the manager's name.
pub(crate) fn record_update(kind: &ResourceType, live: &Value, new: &mut Value, manager: &Manager, now: String) {
    let change = Comparison::of(live, new, Shape::of(kind));
    // A body may carry entries of its own, such as the one empty entry that resets them all.
    let mut managers = match object::array(new, "/metadata/managedFields") {
        [] => Managers::of(live),
        _ => Managers::of(new),
    };
    managers.take(manager, &change);
    if !change.is_empty() {
        let fields = managers.fields(manager).difference(&change.removed).union(&change.set);
        managers.set(manager, fields, now);
    }
    managers.write(new);
}

fn refuse(conflicts: &[(Manager, FieldSet)]) -> Status {
    let mut conflicts: Vec<_> = conflicts.to_vec();
    conflicts.sort_by_key(|(manager, _)| manager.describe());
    let each = || conflicts.iter().flat_map(|(m, fields)| fields.iter().map(move |f| (m, f)));
    let causes: Vec<_> = each().map(|(manager, path)| cause(manager, path)).collect();
    let message = match causes.as_slice() {
        [one] => format!("Apply failed with 1 conflict: {}: {}", one.message, one.field),
        many => {
            let lists = conflicts.iter().flat_map(|(manager, fields)| {
                let head = format!("conflicts with {}:", manager.describe());
                std::iter::once(head).chain(fields.iter().map(|path| format!("- {path}")))
            });
            let lists = lists.collect::<Vec<_>>().join("\n");
            format!("Apply failed with {} conflicts: {lists}", many.len())
        }
    };
    Status::apply_conflict(message, &causes)
}

fn cause(manager: &Manager, path: &Path) -> Cause {
    Cause {
        reason: "FieldManagerConflict",
        field: path.to_string(),
        message: format!("conflict with {}", manager.describe()),
    }
}
