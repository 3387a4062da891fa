//! Removing a policy, unless others use it at that moment.

use async_trait::async_trait;
use trustpath_core::{Context, Read as _, Request, Result, Right, Shown, Values, note_left};
use trustpath_platform::vault::VaultRequest;

use crate::{holders::Holders, users::Users};

/// Others may have come to use it since it was planned, or made: clusters with the same graph file share it. What they use
/// is theirs to keep, and in no one's way.
#[derive(Debug)]
pub(crate) struct Removal {
    pub(crate) policy: String,
    pub(crate) holders: Holders,
    pub(crate) delete: VaultRequest,
}

#[async_trait]
impl Request for Removal {
    fn rights(&self, values: Values) -> Vec<Right> {
        [self.delete.rights(values), self.holders.rights()].concat()
    }

    fn shown(&self) -> Shown {
        self.delete.shown()
    }

    async fn send(&self, cx: &Context) -> Result<()> {
        match Users::of(&self.policy, &self.holders.perform(cx).await?)? {
            used @ Users::These(_) => {
                note_left(format!("the policy `{}` stays: {}", self.policy, used.keep_because().unwrap_or_default()));
                Ok(())
            }
            // Where that cannot be told, what a run has made is still its own to take back.
            Users::None | Users::Untold(_) => self.delete.send(cx).await,
        }
    }
}
