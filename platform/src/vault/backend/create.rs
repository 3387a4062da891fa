//! Making a document with keys that are refused once it is there.

use async_trait::async_trait;
use serde_json::Value;
use trustpath_core::{Context, Request, Result, Right, Shown, Values};

use super::MountAt;
use crate::{policy::Capability::Read, vault::VaultRequest};

/// Makes a document, and leaves these keys out where it is there already: this is sent for the second time then.
#[derive(Debug)]
pub(super) struct Create {
    pub(super) at: MountAt,
    pub(super) path: String,
    /// With all keys.
    pub(super) whole: VaultRequest,
    /// Without those that are refused later.
    pub(super) again: VaultRequest,
}

#[async_trait]
impl Request for Create {
    fn rights(&self, values: Values) -> Vec<Right> {
        [self.at.on(&self.path).may(&[Read]), self.whole.rights(values)].concat()
    }

    fn shown(&self) -> Shown {
        self.whole.shown()
    }

    async fn send(&self, cx: &Context) -> Result<()> {
        let there: Option<Value> = self.at.vault(cx).await?.read(&self.path).await?;
        if there.is_some() { self.again.send(cx).await } else { self.whole.send(cx).await }
    }
}
