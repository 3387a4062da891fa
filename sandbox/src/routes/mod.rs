//! From a request to a reply: who asks, for what, whether it may, and then what it wants.

mod checks;
mod delete;
mod exchange;
mod keep;
mod patch;
mod path;
mod read;
mod write;

use axum::http::{Method, header};

pub(crate) use self::exchange::{Reply, Request};
use self::path::Target;
use crate::{
    auth::User,
    control_plane::ControlPlane,
    kinds,
    object::{self, text},
    rbac::{self, Action},
    resource_type::ResourceType,
    status::Status,
    storage::{Key, Store},
    tokens::ISSUER,
};

/// The user that a request comes from; no token at all is the anonymous user.
pub(crate) fn authenticate(plane: &ControlPlane, store: &Store, request: &Request) -> Result<User, Status> {
    if !request.headers.contains_key(header::AUTHORIZATION) {
        return Ok(User::anonymous());
    }
    let (scheme, token) = request.header(header::AUTHORIZATION).split_once(' ').unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Status::unauthorized());
    }
    let audiences = [ISSUER.to_owned()];
    plane
        .authenticator
        .authenticate(store, token.trim(), &audiences, object::now())
        .map(|passed| passed.user)
        .map_err(|_| Status::unauthorized())
}

/// Answers a request of an authenticated user. The store changes only when this succeeds.
pub(crate) fn answer(plane: &ControlPlane, store: &mut Store, user: &User, request: &Request) -> Result<Reply, Status> {
    let Some(target) = path::parse(&request.path) else {
        let verb = request.method.as_str().to_lowercase();
        rbac::check(store, user, &Action::Path { verb: &verb, path: &request.path })?;
        return Ok(read::document(plane, store, request));
    };
    let verb = verb(request, &target);
    check(store, user, verb, &target)?;
    let Some(kind) = kinds::find(store, target.group, target.version, target.plural) else {
        return match kinds::is_built_in(target.group, target.version) {
            true => Err(Status::no_such_resource()),
            false => Ok(Reply::page_not_found()),
        };
    };
    let call = Call { plane, user, kind, target, request, now: object::now() };
    let mut draft = store.clone();
    let reply = call.run(verb, &mut draft)?;
    if !request.is_dry_run() && draft.revision() != store.revision() {
        plane.controllers(call.now).settle(&mut draft);
        *store = draft;
    }
    Ok(reply)
}

/// The request that applies a manifest, in whatever place its kind and name give.
pub(crate) fn apply_request(store: &Store, manifest: &str) -> Result<Request, Status> {
    let mut request = Request::apply(manifest);
    let object = request.decode()?;
    let version = text(&object, "/apiVersion");
    let found = |kind: &ResourceType| kind.api_version() == version && kind.kind == text(&object, "/kind");
    let Some(kind) = kinds::all(store).into_iter().find(found) else {
        return Err(Status::bad_request(format!("no resource type for {version}")));
    };
    let root = if kind.group.is_empty() { "/api" } else { "/apis" };
    let place = match text(&object, "/metadata/namespace") {
        "" => String::new(),
        namespace => format!("namespaces/{namespace}/"),
    };
    let name = object::name(&object);
    request.path = format!("{root}/{version}/{place}{}/{name}", kind.plural);
    Ok(request)
}

/// One request for a resource.
struct Call<'a> {
    plane: &'a ControlPlane,
    user: &'a User,
    kind: ResourceType,
    target: Target<'a>,
    request: &'a Request,
    now: i64,
}

impl Call<'_> {
    fn run(&self, verb: &str, store: &mut Store) -> Result<Reply, Status> {
        if self.kind.namespaced && self.target.namespace.is_empty() && verb != "list" {
            return Err(Status::method_not_allowed());
        }
        match (verb, self.target.subresource) {
            ("create", "") if self.target.name.is_empty() => self.create(store),
            ("create", "token") if self.kind.kind == "ServiceAccount" => self.token(store),
            (_, "status") if !self.kind.status => Ok(Reply::page_not_found()),
            _ if self.kind.virtual_ => Err(Status::method_not_allowed()),
            ("get", "" | "status") => self.get(store),
            ("list", "") => self.list(store),
            ("update", "" | "status") => self.update(store),
            ("patch", "" | "status") => self.patch(store),
            ("delete", "") => self.delete(store),
            (_, "" | "status") => Err(Status::method_not_allowed()),
            _ => Ok(Reply::page_not_found()),
        }
    }

    fn key(&self) -> Key {
        self.key_of(self.target.name)
    }

    fn key_of(&self, name: &str) -> Key {
        Key::of(&self.kind, self.target.namespace, name)
    }
}

fn verb(request: &Request, target: &Target<'_>) -> &'static str {
    let one = !target.name.is_empty();
    match request.method {
        Method::GET if one => "get",
        Method::GET if request.parameter("watch") == "true" => "watch",
        Method::GET => "list",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE if one => "delete",
        Method::DELETE => "deletecollection",
        _ => "",
    }
}

fn check(store: &Store, user: &User, verb: &str, target: &Target<'_>) -> Result<(), Status> {
    let resource = match target.subresource {
        "" => target.plural.to_owned(),
        subresource => format!("{}/{subresource}", target.plural),
    };
    // A namespace is asked for in the namespace that it is.
    let is_namespace = target.group.is_empty() && target.plural == "namespaces";
    let namespace = if is_namespace { target.name } else { target.namespace };
    let group = target.group;
    let action = Action::Resource { verb, group, resource, namespace, name: target.name };
    rbac::check(store, user, &action)
}
