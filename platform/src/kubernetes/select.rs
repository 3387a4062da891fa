//! Lists of what a selector names.

use kube::{
    core::{ObjectList, Request, params::ListParams},
    discovery::ApiResource,
};
use serde::de::DeserializeOwned;

use super::{
    Cluster,
    address::{check, collection},
    request::Call,
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

impl Cluster {
    /// The metadata of objects, and nothing else of them: what a Secret holds does not travel. A type that is not
    /// served has none.
    ///
    /// # Errors
    /// When the server cannot be reached or denies it.
    pub async fn select_metadata<K>(&self, resource: &ApiResource, which: Selection<'_>) -> Result<Vec<K>, Error>
    where
        K: DeserializeOwned + Clone,
    {
        let request = Request::new(path(resource, which)?).list_metadata(&parameters(which));
        let list = self.found::<ObjectList<K>>(&Call::new(request)?).await?;
        Ok(list.map(|list| list.items).unwrap_or_default())
    }

    /// Whole objects. A type that is not served has none.
    ///
    /// # Errors
    /// When the server cannot be reached or denies it.
    pub async fn select<K>(&self, resource: &ApiResource, which: Selection<'_>) -> Result<Vec<K>, Error>
    where
        K: DeserializeOwned + Clone,
    {
        let request = Request::new(path(resource, which)?).list(&parameters(which));
        let list = self.found::<ObjectList<K>>(&Call::new(request)?).await?;
        Ok(list.map(|list| list.items).unwrap_or_default())
    }
}

fn path(resource: &ApiResource, which: Selection<'_>) -> Result<String, Error> {
    which.namespace.map(check).transpose()?;
    Ok(collection(resource, which.namespace))
}

fn parameters(which: Selection<'_>) -> ListParams {
    ListParams {
        label_selector: which.labels.map(str::to_owned),
        field_selector: which.fields.map(str::to_owned),
        limit: Some(which.most),
        ..ListParams::default()
    }
}
