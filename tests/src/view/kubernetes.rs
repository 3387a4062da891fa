//! Every object of every kind that the API server can list.

use futures::future::join_all;
use serde_json::{Map, Value};

use super::{
    array,
    left_out::{LAST_USED, LEASE, OF_OBJECTS, RESTLESS, TIMES},
    without, without_anywhere,
};
use crate::rest::Rest;

/// Every object, by the path of its kind and its name, with the managers of its fields.
pub async fn kubernetes(api: &Rest) -> Value {
    let mut groups = vec!["api/v1".to_owned()];
    for group in array(&api.get("apis").await.expect("groups")["groups"]) {
        groups.extend(group["preferredVersion"]["groupVersion"].as_str().map(|version| format!("apis/{version}")));
    }
    let resources = join_all(groups.iter().map(|group| listable(api, group))).await.concat();
    let listed = join_all(resources.into_iter().map(|path| async move { (path.clone(), objects(api, &path).await) }));
    listed.await.into_iter().collect::<Map<_, _>>().into()
}

async fn listable(api: &Rest, group: &str) -> Vec<String> {
    let found = api.get(group).await.unwrap_or_default();
    let can_list = |resource: &&Value| array(&resource["verbs"]).iter().any(|verb| verb == "list");
    let names = array(&found["resources"]).iter().filter(can_list).filter_map(|resource| resource["name"].as_str());
    names.filter(|name| !RESTLESS.contains(name)).map(|name| format!("{group}/{name}")).collect()
}

async fn objects(api: &Rest, path: &str) -> Value {
    let list = api.get(path).await.unwrap_or_default();
    let mut objects = Map::new();
    let restless = |object: &&Value| path.ends_with("/leases") && object["metadata"]["name"] != LEASE;
    for object in array(&list["items"]).iter().filter(|object| !restless(object)) {
        let meta = &object["metadata"];
        let name = [&meta["namespace"], &meta["name"]].map(|part| part.as_str().unwrap_or_default()).join("/");
        objects.insert(name, comparable(object.clone()));
    }
    objects.into()
}

pub(super) fn comparable(mut object: Value) -> Value {
    let mut meta = without(object["metadata"].take(), &OF_OBJECTS);
    forget_last_use(&mut meta);
    without_anywhere(&mut meta["managedFields"], &TIMES);
    by_manager(&mut meta["managedFields"]);
    object["metadata"] = meta;
    if let Some(status) = object.get_mut("status") {
        without_anywhere(status, &TIMES);
    }
    object
}

/// The server lists managers by the time at which they last wrote.
fn by_manager(managers: &mut Value) {
    if let Some(managers) = managers.as_array_mut() {
        managers.sort_by_key(ToString::to_string);
    }
}

/// The API server writes that label, and is then a manager too.
fn forget_last_use(meta: &mut Value) {
    let Some(labels) = meta.get_mut("labels").and_then(Value::as_object_mut) else { return };
    labels.remove(LAST_USED);
    if labels.is_empty() {
        *meta = without(meta.take(), &["labels"]);
    }
    if let Some(managers) = meta["managedFields"].as_array_mut() {
        managers.iter_mut().for_each(|manager| disown_last_use(&mut manager["fieldsV1"]));
        managers.retain(|manager| manager["fieldsV1"].as_object().is_none_or(|fields| !fields.is_empty()));
    }
}

/// Takes the label out of the fields that a manager owns, with what it leaves empty.
fn disown_last_use(fields: &mut Value) {
    let label = format!("f:{LAST_USED}");
    let Some(owned) = fields.pointer_mut("/f:metadata/f:labels").and_then(Value::as_object_mut) else { return };
    if owned.remove(&label).is_none() || owned.keys().any(|key| key != ".") {
        return;
    }
    fields["f:metadata"] = without(fields["f:metadata"].take(), &["f:labels"]);
    if fields["f:metadata"].as_object().is_some_and(serde_json::Map::is_empty) {
        *fields = without(fields.take(), &["f:metadata"]);
    }
}
