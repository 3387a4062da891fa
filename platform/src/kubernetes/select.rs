//! Lists of what a selector names.

use kube::{
    core::{ObjectList, Request, params::ListParams},
    discovery::ApiResource,
};
use serde::de::DeserializeOwned;

use super::{
    Cluster,
    address::{check, collection},
    call::Call,
};
use crate::error::Error;

/// Which objects of a type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Selection<'a> {
    /// Those in this namespace; `None` for all namespaces.
    pub namespace: Option<&'a str>,
    /// Those with these labels, such as `app.kubernetes.io/name=external-secrets`.
    pub labels: Option<&'a str>,
    /// Those with these fields, as far as the type has such a selector.
    pub fields: Option<&'a str>,
    /// So many at most; the rest is not asked for.
    pub most: u32,
}

type Listing = fn(&Request, &ListParams) -> Result<http::Request<Vec<u8>>, kube::core::request::Error>;

impl Cluster {
    /// The metadata of objects, and nothing else of them: what a Secret holds does not travel. A type that is not
    /// served has none.
    pub async fn select_metadata<K>(&self, resource: &ApiResource, which: Selection<'_>) -> Result<Vec<K>, Error>
    where
        K: DeserializeOwned + Clone,
    {
        self.selected(resource, which, Request::list_metadata).await
    }

    /// Whole objects. A type that is not served has none.
    pub async fn select<K>(&self, resource: &ApiResource, which: Selection<'_>) -> Result<Vec<K>, Error>
    where
        K: DeserializeOwned + Clone,
    {
        self.selected(resource, which, Request::list).await
    }

    async fn selected<K>(&self, resource: &ApiResource, which: Selection<'_>, list: Listing) -> Result<Vec<K>, Error>
    where
        K: DeserializeOwned + Clone,
    {
        which.namespace.map(check).transpose()?;
        let parameters = ListParams {
            label_selector: which.labels.map(str::to_owned),
            field_selector: which.fields.map(str::to_owned),
            limit: Some(which.most),
            ..ListParams::default()
        };
        let call = Call::new(list(&Request::new(collection(resource, which.namespace)), &parameters))?;
        let list = self.found::<ObjectList<K>>(&call).await?;
        Ok(list.map(|list| list.items).unwrap_or_default())
    }
}
