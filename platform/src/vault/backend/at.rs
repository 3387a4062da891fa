//! The path of a mount, and what is sent there.

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

/// The path of an auth mount, where requests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountAt(AuthMount);

impl From<AuthMount> for MountAt {
    fn from(mount: AuthMount) -> Self {
        Self(mount)
    }
}

impl MountAt {
    /// Its path below `auth/`.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// The Vault namespace that holds it; `None` is the root namespace.
    pub fn namespace(&self) -> Option<&str> {
        self.0.namespace.as_deref()
    }

    /// A path below the mount.
    pub fn below<'a>(&'a self, path: impl IntoIterator<Item = &'a str>) -> String {
        Vault::path(["auth", self.path()].into_iter().chain(path))
    }

    /// Reads all mounts, this one among them.
    pub fn mounts(&self) -> Get {
        Get::new(self.namespace(), "sys/auth")
    }

    /// With the mark of a mount that another step has made. Who may not see it goes without.
    pub fn read_mark(&self, reads: Reads) -> Reads {
        reads.and(MARKED, Get::new(self.namespace(), "sys/internal/ui/mounts").optional())
    }

    /// The mark, from what was read.
    ///
    /// # Errors
    /// When the answer is none about mounts.
    pub fn mark(&self, answers: &Answers) -> Result<Option<Mark>> {
        let mounts: Option<Mounts> = answers.get(MARKED)?;
        Ok(mounts.and_then(|mounts| mounts.auth_at(self.path())?.mark()))
    }

    /// Lists a collection below the mount.
    pub fn list<'a>(&'a self, path: impl IntoIterator<Item = &'a str>) -> Get {
        Get::list(self.namespace(), self.below(path))
    }

    /// Tunes it. Below `sys/auth` that would need sudo.
    pub fn tune(&self, body: Map<String, Value>) -> VaultRequest {
        VaultRequest::update(self.namespace(), self.tuned(), Body::from_iter(body))
    }

    /// Where it is tuned.
    pub fn tuned(&self) -> String {
        Vault::path(["sys/mounts/auth", self.path(), "tune"])
    }

    pub(super) fn method(&self) -> String {
        Vault::path(["sys/auth", self.path()])
    }

    /// The rights on a path in its namespace.
    pub fn on<'a>(&'a self, path: &'a str) -> On<'a> {
        on(self.namespace(), path)
    }

    /// The connection, in its namespace.
    ///
    /// # Errors
    /// When there is none.
    pub async fn vault(&self, cx: &Context) -> Result<Vault> {
        Ok(cx.handle::<Vault>().await?.within(self.namespace()))
    }
}

/// A request to Vault as it is shown.
pub(super) fn shown(method: &str, path: String, body: Value) -> Shown {
    Shown { system: Vault::NAME.into(), method: method.into(), path, body }
}
