//! The path of a mount, and what is sent there.

use serde_json::{Map, Value};
use trustpath_core::{Context, Handle as _, Result, Shown};

use super::{Disable, Enable, MountState};
use crate::{
    AuthMount, Vault,
    vault::{
        Body, Field, Get, List, VaultRequest,
        rights::{On, on},
    },
};

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

    /// Lists a collection below the mount.
    pub fn list<'a>(&'a self, path: impl IntoIterator<Item = &'a str>) -> List {
        List::new(self.namespace(), self.below(path))
    }

    /// Enables it as this state has it, under a description that may not be known yet.
    pub fn enable(&self, to: &MountState, description: &str, known: Result<(), &'static str>) -> Enable {
        let body = Body::from_iter(to.enabling(description));
        let body = match known {
            Ok(()) => body,
            Err(why) => body.with("description", Field::NotYet(why)),
        };
        Enable { at: self.clone(), to: to.clone(), text: description.to_owned(), body }
    }

    /// Tunes it. Below `sys/auth` that would need sudo.
    pub fn tune(&self, body: Map<String, Value>) -> VaultRequest {
        VaultRequest::update(self.namespace(), self.tuned(), Body::from_iter(body))
    }

    /// Where it is tuned.
    pub fn tuned(&self) -> String {
        Vault::path(["sys/mounts/auth", self.path(), "tune"])
    }

    /// Disables it with all that is on it, unless others have something in one of these collections by then; each with the
    /// names in it that are the step's own.
    pub fn disable(&self, collections: Vec<(String, Vec<String>)>) -> Disable {
        Disable { at: self.clone(), collections }
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
pub fn shown(method: &str, path: String, body: Value) -> Shown {
    Shown { system: Vault::NAME.into(), method: method.into(), path, body }
}
