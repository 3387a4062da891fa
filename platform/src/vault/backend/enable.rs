//! Enabling an auth method.

use async_trait::async_trait;
use serde_json::Value;
use trustpath_core::{Context, Request, Result, Right, Shown, Values};

use super::{MountAt, MountState, at::shown};
use crate::{
    Vault,
    policy::Capability::{Read, Sudo, Update},
    vault::{Body, Field},
};

/// Enables it, and takes the very mount for done that was to be made.
#[derive(Debug)]
pub struct Enable {
    at: MountAt,
    to: MountState,
    /// The description, with the mark.
    text: String,
    body: Body,
}

impl Enable {
    /// As this state has it, under a description that may not be known yet, for the reason that is given then.
    pub fn new(at: MountAt, to: &MountState, description: &str, known: std::result::Result<(), &'static str>) -> Self {
        let body = Body::from_iter(to.enabling(description));
        let body = match known {
            Ok(()) => body,
            Err(why) => body.with("description", Field::NotYet(why)),
        };
        Self { at, to: to.clone(), text: description.to_owned(), body }
    }

    /// Whether the mount that is in the way is the one that was to be made, where this is sent for the second time.
    async fn is_done(&self, vault: &Vault) -> Result<bool> {
        let mounts: Option<Value> = vault.read("sys/auth").await?;
        let there = MountState::at(mounts.unwrap_or_default(), self.at.path());
        let is_wanted = |there: &MountState| {
            let MountState { kind, tune, made_with, .. } = &self.to;
            (kind, tune, made_with) == (&there.kind, &there.tune, &there.made_with) && there.text() == self.text
        };
        Ok(there.as_ref().is_some_and(is_wanted))
    }
}

#[async_trait]
impl Request for Enable {
    fn rights(&self, values: Values) -> Vec<Right> {
        let path = self.at.method();
        let here = self.at.on(&path);
        let enable = match values {
            Values::Known => self.body.may_be_sent(here, &[Update, Sudo]),
            Values::Unknown => here.may(&[Update, Sudo]),
        };
        [enable, self.at.on("sys/auth").may(&[Read])].concat()
    }

    fn shown(&self) -> Shown {
        shown("POST", self.at.method(), self.body.shown())
    }

    async fn send(&self, cx: &Context) -> Result<()> {
        let (vault, body) = (self.at.vault(cx).await?, self.body.filled(cx).await?);
        match vault.write_once(&self.at.method(), &body).await {
            Ok(_) => Ok(()),
            Err(error) if error.status() == Some(400) && self.is_done(&vault).await? => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
