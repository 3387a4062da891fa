//! A change of one object, as data: from one [`Owned`] to the next.

use async_trait::async_trait;
use serde_json::Value;
use trustpath_core::{Class, Context, Handle as _, Problem, Request, Result, Right, Shown, Values};

use super::{Fields, Owned, fields, write::body};
use crate::kubernetes::{Address, Cluster, ObjectRef};

/// Makes, changes or removes an object, or gives fields back to those from whom they were taken ([`Cluster::write_owned`]).
#[derive(Debug, Clone)]
pub struct OwnedRequest {
    at: ObjectRef,
    now: Option<Owned>,
    to: Option<Owned>,
    tried: bool,
    besides: Vec<Right>,
}

impl OwnedRequest {
    /// From one waypoint of an object to the next.
    pub fn new(at: ObjectRef, now: Option<&Owned>, to: Option<&Owned>) -> Self {
        Self { at, now: now.cloned(), to: to.cloned(), tried: true, besides: Vec::new() }
    }

    /// Without a dry run: it may be of use only once something else is there.
    #[must_use]
    pub fn untried(self) -> Self {
        Self { tried: false, ..self }
    }

    /// The server asks for these too where it makes or changes the object.
    #[must_use]
    pub fn needing(self, besides: Vec<Right>) -> Self {
        Self { besides, ..self }
    }

    /// Whether the object goes.
    pub fn removes(&self) -> bool {
        self.to.is_none()
    }

    /// What is tried dry.
    fn trial(&self) -> Option<&Owned> {
        self.to.as_ref().filter(|_| self.tried)
    }

    fn body(&self) -> Option<Fields> {
        let to = self.to.as_ref()?;
        let owed = self.now.as_ref().map(|now| now.owed(to)).unwrap_or_default();
        if owed.is_empty() {
            let uid = self.now.is_some().then_some("<the uid of the object that is there>");
            return Some(body(&self.at.shown(), to, uid));
        }
        let mut given_back = Fields::new();
        for (path, value) in owed.values().flat_map(fields::leaves) {
            fields::set(&mut given_back, &path, value.clone());
        }
        fields::set(&mut given_back, &["metadata", "resourceVersion"], "<the version that is there>".into());
        fields::set(&mut given_back, &["metadata", "managedFields"], "<with these fields as their owners'>".into());
        Some(given_back)
    }
}

#[async_trait]
impl Request for OwnedRequest {
    fn rights(&self, _: Values) -> Vec<Right> {
        let besides = if self.removes() { Vec::new() } else { self.besides.clone() };
        [self.at.on().may_write(self.now.as_ref(), self.to.as_ref()), besides].concat()
    }

    fn shown(&self) -> Shown {
        let (method, body) = match self.body() {
            Some(body) => ("PATCH", Value::Object(body)),
            None => ("DELETE", Value::Null),
        };
        Shown { system: Cluster::NAME.into(), method: method.into(), path: self.at.path(), body }
    }

    async fn send(&self, cx: &Context) -> Result<()> {
        let cluster = cx.handle::<Cluster>().await?;
        let (now, to) = (self.now.as_ref(), self.to.as_ref());
        match self.at.address(&cluster).await? {
            Some(at) => cluster.write_owned(&at, now, to, cx.consent().force_conflicts).await,
            // All objects of a type go with it.
            None if self.removes() => Ok(()),
            None => Err(unserved(&self.at.shown()).into()),
        }
    }

    async fn dry_run(&self, cx: &Context) -> Result<()> {
        let Some(to) = self.trial() else { return Ok(()) };
        let cluster = cx.handle::<Cluster>().await?;
        match self.at.address(&cluster).await? {
            Some(at) => Ok(cluster.rehearse_owned(&at, to, cx.consent().force_conflicts).await?),
            None => Err(unserved(&self.at.shown()).into()),
        }
    }

    fn dry_run_rights(&self) -> Vec<Right> {
        if self.trial().is_some() { self.rights(Values::Known) } else { Vec::new() }
    }
}

fn unserved(at: &Address<Value>) -> Problem {
    let message = format!("the cluster does not serve the type of the {at}");
    Problem::new(Class::Missing, "trustpath::kubernetes::unserved", message)
        .help("see whether what brings this type is installed: kubectl api-resources")
}
