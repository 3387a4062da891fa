//! Requests that change something in Vault, as data: path, body and what they take are said in one place.

use async_trait::async_trait;
use serde_json::Value;
use trustpath_core::{Context, Handle as _, Request, Result, Right, Shown, Values};

use super::{Body, Resend, Vault, rights::on};
use crate::policy::Capability::{self, Create, Delete, Update};

/// A request that writes or removes what is at one path.
#[derive(Debug, Clone)]
pub struct VaultRequest {
    namespace: Option<String>,
    path: String,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Write { body: Body, creates: bool, sending: Resend },
    Delete,
}

impl VaultRequest {
    fn new(namespace: Option<&str>, path: String, what: What) -> Self {
        Self { namespace: namespace.map(str::to_owned), path, what }
    }

    /// Writes what is there, or what servers take as an update whether or not it is there, as all below `sys`.
    pub fn update(namespace: Option<&str>, path: String, body: Body) -> Self {
        Self::new(namespace, path, What::Write { body, creates: false, sending: Resend::Repeated })
    }

    /// Makes what is not there, below a mount that may have just been made itself. What was made, and answered by a
    /// connection that broke, is an update when it is sent again.
    pub fn create(namespace: Option<&str>, path: String, body: Body) -> Self {
        Self::new(namespace, path, What::Write { body, creates: true, sending: Resend::Settling })
    }

    /// Removes what is there. Nothing there is success.
    pub fn delete(namespace: Option<&str>, path: String) -> Self {
        Self::new(namespace, path, What::Delete)
    }

    /// A write below a mount that may have just been made: 404 means not yet.
    #[must_use]
    pub fn settling(self) -> Self {
        self.sent(Resend::Settling)
    }

    /// A write that is never repeated by itself, such as one that names the version which it replaces.
    #[must_use]
    pub fn once(self) -> Self {
        self.sent(Resend::Once)
    }

    fn sent(mut self, how: Resend) -> Self {
        if let What::Write { sending, .. } = &mut self.what {
            *sending = how;
        }
        self
    }

    fn capabilities(&self) -> &'static [Capability] {
        match self.what {
            What::Write { creates: true, .. } => &[Create, Update],
            What::Write { creates: false, .. } => &[Update],
            What::Delete => &[Delete],
        }
    }
}

#[async_trait]
impl Request for VaultRequest {
    fn rights(&self, values: Values) -> Vec<Right> {
        let here = on(self.namespace.as_deref(), &self.path);
        match (&self.what, values) {
            (What::Write { body, .. }, Values::Known) => body.may_be_sent(here, self.capabilities()),
            (What::Write { body, .. }, Values::Unknown) => [here.may(self.capabilities()), body.rights()].concat(),
            (What::Delete, _) => here.may(self.capabilities()),
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
        let (body, sending) = match &self.what {
            What::Delete => return Ok(vault.delete(&self.path).await?),
            What::Write { body, sending, .. } => (body.filled(cx).await?, sending),
        };
        vault.write_as(*sending, &self.path, &body).await?;
        Ok(())
    }
}
