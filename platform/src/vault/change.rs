//! Requests that change something in Vault, as data: path, body and what they take are said in one place.

use async_trait::async_trait;
use serde_json::Value;
use trustpath_core::{Context, Handle as _, Request, Result, Right, Shown, Values};

use super::{Body, Vault, rights::on};
use crate::policy::Capability::{self, Delete, Update};

/// A request that writes or removes what is at one path.
#[derive(Debug, Clone)]
pub struct VaultRequest {
    namespace: Option<String>,
    path: String,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    /// `once`: sent a second time it would fail, or do more.
    Write {
        body: Body,
        once: bool,
    },
    Delete,
}

impl VaultRequest {
    /// Writes what is there, or what servers take as an update whether or not it is there, as all below `sys`.
    pub fn update(namespace: Option<&str>, path: String, body: Body) -> Self {
        Self { namespace: namespace.map(str::to_owned), path, what: What::Write { body, once: false } }
    }

    /// Removes what is there. Nothing there is success.
    pub fn delete(namespace: Option<&str>, path: String) -> Self {
        Self { namespace: namespace.map(str::to_owned), path, what: What::Delete }
    }

    /// A write that is never repeated by itself, such as one that names the version which it replaces.
    #[must_use]
    pub fn once(mut self) -> Self {
        if let What::Write { once, .. } = &mut self.what {
            *once = true;
        }
        self
    }

    fn capability(&self) -> Capability {
        match self.what {
            What::Write { .. } => Update,
            What::Delete => Delete,
        }
    }
}

#[async_trait]
impl Request for VaultRequest {
    fn rights(&self, values: Values) -> Vec<Right> {
        let here = on(self.namespace.as_deref(), &self.path);
        match (&self.what, values) {
            (What::Write { body, .. }, Values::Known) => {
                let unpinned = body.unpinned();
                let unpinned: Vec<_> = unpinned.iter().map(|(name, why)| (*name, why.as_str())).collect();
                [here.may_send(&[self.capability()], &body.pinned(), &unpinned), body.rights()].concat()
            }
            (What::Write { body, .. }, Values::Unknown) => [here.may(&[self.capability()]), body.rights()].concat(),
            (What::Delete, _) => here.may(&[self.capability()]),
        }
    }

    fn shown(&self) -> Shown {
        let (method, body) = match &self.what {
            What::Write { body, .. } => ("POST", body.shown()),
            What::Delete => ("DELETE", Value::Null),
        };
        Shown { system: Vault::NAME.into(), method: method.into(), path: self.path.clone(), body }
    }

    async fn send(&self, cx: &Context) -> Result<()> {
        let vault = cx.handle::<Vault>().await?.within(self.namespace.as_deref());
        match &self.what {
            What::Write { body, once: true } => drop(vault.write_once(&self.path, &body.filled(cx).await?).await?),
            What::Write { body, once: false } => drop(vault.write(&self.path, &body.filled(cx).await?).await?),
            What::Delete => vault.delete(&self.path).await?,
        }
        Ok(())
    }
}
