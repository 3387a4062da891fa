//! What is sent to the path of a mount.

use serde_json::{Map, Value};
use trustpath_core::{Answers, Context, Handle as _, Reads, Result, Shown};

use crate::{
    AuthMount, Vault,
    mark::Mark,
    vault::{
        Body, Get, Mounts, VaultRequest,
        rights::{On, on},
    },
};

/// The name of the read of a mount's mark.
const MARKED: &str = "mounts";

impl AuthMount {
    /// A path below the mount.
    pub fn below<'a>(&'a self, path: impl IntoIterator<Item = &'a str>) -> String {
        Vault::path(["auth", &self.path].into_iter().chain(path))
    }

    /// With the mark of a mount that another step has made. Who may not see it goes without.
    pub fn read_mark(&self, reads: Reads) -> Reads {
        reads.and(MARKED, Mounts::visible(self.namespace.as_deref()))
    }

    /// The mark, from what was read.
    ///
    /// # Errors
    /// When the answer is none about mounts.
    pub fn mark(&self, answers: &Answers) -> Result<Option<Mark>> {
        let mounts: Option<Mounts> = answers.get(MARKED)?;
        Ok(mounts.and_then(|mounts| mounts.auth_at(&self.path)?.mark()))
    }

    /// Lists a collection below the mount.
    pub fn list<'a>(&'a self, path: impl IntoIterator<Item = &'a str>) -> Get {
        Get::list(self.namespace.as_deref(), self.below(path))
    }

    /// Tunes it. Below `sys/auth` that would need sudo.
    pub fn tune(&self, body: Map<String, Value>) -> VaultRequest {
        VaultRequest::update(self.namespace.as_deref(), self.tuned(), Body::from_iter(body))
    }

    /// Where it is tuned.
    pub fn tuned(&self) -> String {
        Vault::path(["sys/mounts/auth", &self.path, "tune"])
    }

    pub(super) fn method(&self) -> String {
        Vault::path(["sys/auth", &self.path])
    }

    /// The rights on a path in its namespace.
    pub fn on<'a>(&'a self, path: &'a str) -> On<'a> {
        on(self.namespace.as_deref(), path)
    }

    /// The connection, in its namespace.
    ///
    /// # Errors
    /// When there is none.
    pub async fn vault(&self, cx: &Context) -> Result<Vault> {
        Ok(cx.handle::<Vault>().await?.within(self.namespace.as_deref()))
    }
}

/// A request to Vault as it is shown.
pub(super) fn shown(method: &str, path: String, body: Value) -> Shown {
    Shown { system: Vault::NAME.into(), method: method.into(), path, body }
}
