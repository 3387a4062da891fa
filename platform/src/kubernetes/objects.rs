//! Reading, listing and applying objects.

use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Resource,
    core::{
        ObjectList, Request,
        params::{GetParams, ListParams, Patch, PatchParams},
    },
    discovery::ApiResource,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    Cluster,
    address::{Address, check, collection},
    call::{FIELD_MANAGER, KubernetesCall},
};
use crate::error::{Error, ErrorKind};

/// The most objects of one page of a list.
const PAGE: u32 = 500;
/// More pages than any list of a cluster has; a server that goes on for longer is not believed.
const PAGES: usize = 1000;

/// Which objects of a type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Selectors<'a> {
    /// Those in this namespace; `None` for all namespaces.
    pub namespace: Option<&'a str>,
    /// Those with these labels, such as `app.kubernetes.io/name=external-secrets`.
    pub labels: Option<&'a str>,
    /// Those with these fields, as far as the type has such a selector.
    pub fields: Option<&'a str>,
    /// So many at most, and the rest is not asked for; all of them, page by page, where it is 0.
    pub most: u32,
}

/// How to apply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ApplyOptions {
    /// Take fields that other managers own (`--force-conflicts`).
    pub force: bool,
    /// Let admission and validation decide, and write nothing.
    pub dry_run: bool,
}

type ListRequest = fn(&Request, &ListParams) -> Result<http::Request<Vec<u8>>, kube::core::request::Error>;

impl Cluster {
    /// Reads an object; `None` where there is none.
    pub async fn get<K: DeserializeOwned>(&self, at: &Address) -> Result<Option<K>, Error> {
        self.found(&KubernetesCall::new(at.request()?.get(&at.name, &GetParams::default()))?).await
    }

    /// Reads an object as plain data, `metadata.managedFields` and all; `None` where there is none.
    pub async fn live(&self, at: &Address) -> Result<Option<Value>, Error> {
        self.get(at).await
    }

    /// Reads a path; `None` where there is nothing.
    pub(super) async fn found<T: DeserializeOwned>(&self, call: &KubernetesCall) -> Result<Option<T>, Error> {
        match self.ask(call).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            found => found.map(Some),
        }
    }

    /// Lists the objects of a type in a namespace, or in all of them.
    pub async fn list<K>(&self, namespace: Option<&str>) -> Result<Vec<K>, Error>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned + Clone,
    {
        self.select(&ApiResource::erase::<K>(&()), Selectors { namespace, ..Selectors::default() }).await
    }

    /// Lists objects of a type: as `DynamicObject`, or a type of one's own. A type that is not served has none.
    ///
    /// # Errors
    /// When the server cannot be reached or denies it, or its list has no end.
    pub async fn select<K>(&self, resource: &ApiResource, which: Selectors<'_>) -> Result<Vec<K>, Error>
    where
        K: DeserializeOwned + Clone,
    {
        self.selected(resource, which, Request::list).await
    }

    /// The same of their metadata, and nothing else of them: what a Secret holds does not travel.
    pub async fn select_metadata<K>(&self, resource: &ApiResource, which: Selectors<'_>) -> Result<Vec<K>, Error>
    where
        K: DeserializeOwned + Clone,
    {
        self.selected(resource, which, Request::list_metadata).await
    }

    /// Whether there is an object of a type with these labels, in a namespace or in any: `app=vault,component=server`.
    ///
    /// # Errors
    /// When the server cannot be reached or denies it.
    pub async fn has_any<K>(&self, namespace: Option<&str>, labels: &str) -> Result<bool, Error>
    where
        K: Resource<DynamicType = ()>,
    {
        let which = Selectors { namespace, labels: Some(labels), most: 1, ..Selectors::default() };
        let found: Vec<Value> = self.select_metadata(&ApiResource::erase::<K>(&()), which).await?;
        Ok(!found.is_empty())
    }

    async fn selected<K>(
        &self,
        resource: &ApiResource,
        which: Selectors<'_>,
        list: ListRequest,
    ) -> Result<Vec<K>, Error>
    where
        K: DeserializeOwned + Clone,
    {
        which.namespace.map(check).transpose()?;
        let request = Request::new(collection(resource, which.namespace));
        let mut page = ListParams {
            label_selector: which.labels.map(str::to_owned),
            field_selector: which.fields.map(str::to_owned),
            limit: Some(if which.most == 0 { PAGE } else { which.most }),
            ..ListParams::default()
        };
        let mut all = Vec::new();
        for _ in 0..PAGES {
            let call = KubernetesCall::new(list(&request, &page))?;
            let Some(found) = self.found::<ObjectList<K>>(&call).await? else { return Ok(all) };
            all.extend(found.items);
            let next = found.metadata.continue_.filter(|next| !next.is_empty());
            if next.is_none() || which.most > 0 {
                return Ok(all);
            }
            if next == page.continue_token {
                break;
            }
            page.continue_token = next;
        }
        Err(KubernetesCall::new(list(&request, &page))?
            .error(ErrorKind::Malformed, "the list of Kubernetes has no end")
            .help("see whether the kubeconfig's server is a Kubernetes API server, and not something before it"))
    }

    /// Applies an object on the server's side, as field manager [`FIELD_MANAGER`]: what `object` holds is set, what this
    /// manager set before and `object` lacks is removed, all else stays. Repeating it is harmless.
    ///
    /// # Errors
    /// When other managers own a field ([`ErrorKind::Conflict`] names them, unless `force`), admission or validation says
    /// no, or the server cannot be reached: then it may or may not have been written.
    pub async fn apply(&self, at: &Address, object: &impl Serialize, how: ApplyOptions) -> Result<(), Error> {
        self.patch(at, &Patch::Apply(object), how).await.map(drop)
    }

    /// The object as it is after a patch.
    pub(super) async fn patch(
        &self,
        at: &Address,
        patch: &Patch<impl Serialize>,
        how: ApplyOptions,
    ) -> Result<Value, Error> {
        let ApplyOptions { force, dry_run } = how;
        let params = PatchParams { force, dry_run, ..PatchParams::apply(FIELD_MANAGER) };
        self.ask(&KubernetesCall::new(at.request()?.patch(&at.name, &params, patch))?).await
    }

    /// Whether a namespace is there and not about to go.
    pub async fn has_namespace(&self, name: &str) -> Result<bool, Error> {
        let namespace = self.get::<Namespace>(&Address::cluster::<Namespace>(name)).await?;
        Ok(namespace.is_some_and(|namespace| namespace.metadata.deletion_timestamp.is_none()))
    }
}
