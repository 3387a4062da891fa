//! Disabling the auth method.

use async_trait::async_trait;
use serde_json::Value;
use trustpath_core::{Class, Context, Problem, Request, Result, Right, Shown, Values};
use trustpath_platform::{
    policy::Capability::{Delete, List, Sudo},
    text::listed,
};

use super::{MountAt, shown};

/// Disables it with its config, unless there are roles on it: whose they are, this step does not know.
#[derive(Debug)]
pub(super) struct Disable(pub(super) MountAt);

#[async_trait]
impl Request for Disable {
    fn rights(&self, _: Values) -> Vec<Right> {
        let (method, roles) = (self.0.method(), self.0.below("role"));
        [self.0.on(&method).may(&[Delete, Sudo]), self.0.on(&roles).may(&[List])].concat()
    }

    fn shown(&self) -> Shown {
        shown("DELETE", self.0.method(), Value::Null)
    }

    async fn send(&self, cx: &Context) -> Result<()> {
        let vault = self.0.vault(cx).await?;
        let roles = vault.list(&self.0.below("role")).await?;
        if !roles.is_empty() {
            return Err(in_use(&self.0.mount, &roles).into());
        }
        Ok(vault.delete(&self.0.method()).await?)
    }
}

fn in_use(mount: &str, roles: &[String]) -> Problem {
    let message = format!("the auth mount `{mount}` has the roles {}, and was left as it is", listed(roles));
    Problem::new(Class::Conflict, "trustpath::kubernetes_auth::in_use", message)
        .help(format!("remove them if nobody needs them: vault delete auth/{mount}/role/NAME"))
}
