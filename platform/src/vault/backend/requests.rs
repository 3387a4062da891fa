//! The requests that make and remove a mount, and a document that takes some keys only once.

use async_trait::async_trait;
use serde_json::Value;
use trustpath_core::{Class, Context, Problem, Request, Result, Right, Shown, Values};

use super::{MountState, at::shown};
use crate::{
    AuthMount, Vault,
    error::Error,
    policy::Capability::{Delete, List, Read, Sudo, Update},
    text::{clean, listed},
    vault::{Body, Field, Resend, VaultRequest},
};

/// Enables it, and takes the very mount for done that was to be made.
#[derive(Debug)]
pub struct Enable {
    at: AuthMount,
    to: MountState,
    /// The description, with the mark.
    text: String,
    body: Body,
}

impl Enable {
    /// As this state has it, under a description that may not be known yet, for the reason that is given then.
    pub fn new(
        at: AuthMount,
        to: &MountState,
        description: &str,
        known: std::result::Result<(), &'static str>,
    ) -> Self {
        let body = Body::from_iter(to.enabling(description));
        let body = match known {
            Ok(()) => body,
            Err(why) => body.with("description", Field::NotYet(why)),
        };
        Self { at, to: to.clone(), text: description.to_owned(), body }
    }

    /// Whether the mount that is in the way is the one that was to be made, where this is sent for the second time.
    async fn is_done(&self, vault: &Vault) -> Result<bool> {
        let there = MountState::of(vault.read("sys/auth").await?, &self.at.path);
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
        match vault.write_as(Resend::Once, &self.at.method(), &body).await {
            Ok(_) => Ok(()),
            Err(error) if error.status() == Some(400) && self.is_done(&vault).await? => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Disables it with all that is on it, unless others have something there: what goes with a mount does not come back.
#[derive(Debug)]
pub struct Disable {
    at: AuthMount,
    collections: Vec<(String, Vec<String>)>,
}

impl Disable {
    /// Where others may have something, each with the names in it that are the step's own.
    pub fn new(at: AuthMount, collections: Vec<(String, Vec<String>)>) -> Self {
        Self { at, collections }
    }

    async fn others(&self, vault: &Vault) -> Result<Vec<String>, Error> {
        let mut others = Vec::new();
        for (collection, own) in &self.collections {
            let names = vault.list(&self.at.below([collection.as_str()])).await?;
            others.extend(
                names.into_iter().filter(|name| !own.contains(name)).map(|name| format!("{collection}/{name}")),
            );
        }
        Ok(others)
    }

    fn in_use(&self, others: &[String]) -> Problem {
        let mount = clean(&self.at.path);
        let others = listed(&others.iter().map(|other| format!("`{}`", clean(other))).collect::<Vec<_>>());
        let message = format!("the auth mount `{mount}` has {others}, and was left as it is");
        Problem::new(Class::Conflict, "trustpath::vault::mount_in_use", message)
            .help(format!("remove them if no one needs them: vault delete auth/{mount}/role/NAME"))
    }
}

#[async_trait]
impl Request for Disable {
    fn rights(&self, _: Values) -> Vec<Right> {
        let lists = self.collections.iter().map(|(collection, _)| self.at.below([collection.as_str()]));
        let lists = lists.flat_map(|path| self.at.on(&path).may(&[List]));
        self.at.on(&self.at.method()).may(&[Delete, Sudo]).into_iter().chain(lists).collect()
    }

    fn shown(&self) -> Shown {
        shown("DELETE", self.at.method(), Value::Null)
    }

    async fn send(&self, cx: &Context) -> Result<()> {
        let vault = self.at.vault(cx).await?;
        let others = self.others(&vault).await?;
        if others.is_empty() { Ok(vault.delete(&self.at.method()).await?) } else { Err(self.in_use(&others).into()) }
    }
}

/// Makes a document, and leaves these keys out where it is there already: this is sent for the second time then.
#[derive(Debug)]
pub(super) struct Create {
    pub(super) at: AuthMount,
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
