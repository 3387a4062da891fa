//! Reading, applying and deleting objects.

use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Resource,
    core::{
        ObjectList, Request,
        params::{GetParams, ListParams, Patch, PatchParams, PostParams},
    },
    discovery::ApiResource,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    Cluster,
    address::{Address, check, collection},
    call::Call,
};
use crate::error::{Error, Kind};

/// The name under which this program's fields are recorded in `metadata.managedFields`.
pub const FIELD_MANAGER: &str = "trustpath";

/// The most objects of one page of a list.
const PAGE: u32 = 500;
/// More pages than any list of a cluster has; a server that goes on for longer is not believed.
const PAGES: usize = 1000;

/// How to apply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Apply {
    /// Take fields that other managers own (`--force-conflicts`).
    pub force: bool,
    /// Let admission and validation decide, and write nothing.
    pub dry_run: bool,
}

/// Objects that are made or replaced are this program's.
pub(super) fn post() -> PostParams {
    PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() }
}

impl Cluster {
    /// Reads an object; `None` where there is none.
    pub async fn get<K: DeserializeOwned>(&self, at: &Address) -> Result<Option<K>, Error> {
        let request = Request::new(at.collection()?).get(&at.name, &GetParams::default());
        self.found(&Call::new(request)?).await
    }

    /// Reads a path; `None` where there is nothing.
    pub(super) async fn found<T: DeserializeOwned>(&self, call: &Call) -> Result<Option<T>, Error> {
        match self.call(call).await {
            Ok(answer) => answer.parse(call).map(Some),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Lists the objects of a type in a namespace, or in all of them. A type that is not served has none.
    ///
    /// # Errors
    /// When the server cannot be reached or denies it, or its list has no end.
    pub async fn list<K>(&self, namespace: Option<&str>) -> Result<Vec<K>, Error>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned + Clone,
    {
        self.list_dynamic(&ApiResource::erase::<K>(&()), namespace).await
    }

    /// As [`Cluster::list`], for a type that discovery found: as `DynamicObject`, `PartialObjectMeta` or a type of
    /// one's own.
    pub async fn list_dynamic<K>(&self, resource: &ApiResource, namespace: Option<&str>) -> Result<Vec<K>, Error>
    where
        K: DeserializeOwned + Clone,
    {
        if let Some(namespace) = namespace {
            check(namespace)?;
        }
        let request = Request::new(collection(resource, namespace));
        let mut page = ListParams::default().limit(PAGE);
        let mut all = Vec::new();
        let mut last = None;
        for _ in 0..PAGES {
            let call = Call::new(request.list(&page))?;
            let Some(list) = self.found::<ObjectList<K>>(&call).await? else {
                return Ok(all);
            };
            all.extend(list.items);
            let next = list.metadata.continue_.filter(|next| !next.is_empty());
            match &next {
                None => return Ok(all),
                Some(_) if next == last => break,
                Some(next) => page = page.continue_token(next),
            }
            last = next;
        }
        Err(Call::new(request.list(&page))?
            .error(Kind::Malformed, "the list of Kubernetes has no end")
            .help("see whether the kubeconfig's server is a Kubernetes API server, and not something before it"))
    }

    /// Applies an object on the server's side, as field manager [`FIELD_MANAGER`]: what `object` holds is set, what this
    /// manager set before and `object` lacks is removed, all else stays. Repeating it is harmless.
    ///
    /// # Errors
    /// When other managers own a field ([`Kind::Conflict`] names them, unless `force`), admission or validation says
    /// no, or the server cannot be reached: then it may or may not have been written.
    pub async fn apply(&self, at: &Address, object: &impl Serialize, how: Apply) -> Result<(), Error> {
        let mut params = PatchParams::apply(FIELD_MANAGER);
        params.force = how.force;
        params.dry_run = how.dry_run;
        let request = Request::new(at.collection()?).patch(&at.name, &params, &Patch::Apply(object));
        let call = Call::new(request)?;
        self.call(&call).await?.parse::<Value>(&call).map(drop)
    }

    /// Whether a namespace is there and not about to go.
    pub async fn has_namespace(&self, name: &str) -> Result<bool, Error> {
        let namespace = self.get::<Namespace>(&Address::cluster::<Namespace>(name)).await?;
        Ok(namespace.is_some_and(|namespace| namespace.metadata.deletion_timestamp.is_none()))
    }
}
