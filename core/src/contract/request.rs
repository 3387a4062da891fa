//! Requests as data: each knows its own rights, and can be sent, tried dry and shown.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Answer, Change, Context, Right};
use crate::failure::Result;

/// Whether what a request sends is known, or only where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// The values are those that will be sent.
    Known,
    /// The step could not be planned: any value may be sent, and no right is limited to one.
    Unknown,
}

/// One request that changes something, with the reads that guard it. May be sent twice.
#[async_trait]
pub trait Request: fmt::Debug + Send + Sync {
    /// What it takes, of every system that it talks to: a secret in Vault's body may be a read of the cluster.
    fn rights(&self, values: Values) -> Vec<Right>;

    /// What is sent, with placeholders for what is fetched when it is sent.
    fn shown(&self) -> Shown;

    /// Looks at what guards it, while the request before it is under way: [`Context::looked`] has what came of it when this
    /// one is sent. `None` where it looks by itself.
    async fn look(&self, cx: &Context) -> Option<Result<Answer>> {
        let _ = cx;
        None
    }

    /// Sends it, and returns when its effect can be seen.
    ///
    /// # Errors
    /// When the server refuses, or cannot be reached: it may or may not have been carried out.
    async fn send(&self, cx: &Context) -> Result<()>;

    /// Asks the server whether it would take it. Writes nothing. Where there is no such way, or it needs what an earlier
    /// request of the same change makes, nothing is asked.
    ///
    /// # Errors
    /// Why it would not.
    async fn dry_run(&self, cx: &Context) -> Result<()> {
        let _ = cx;
        Ok(())
    }

    /// What [`Request::dry_run`] takes.
    fn dry_run_rights(&self) -> Vec<Right> {
        Vec::new()
    }
}

/// A request as people and other programs read it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// The system, by the name of its handle.
    pub system: String,
    /// The method, such as `POST`.
    pub method: String,
    /// The path, as the system names it.
    pub path: String,
    /// The body; secrets, and what is known only when it is sent, as placeholders.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub body: Value,
}

/// What a run would send for one step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RequestList {
    /// How many things are read before it is decided; one of them may take several requests.
    pub reads: usize,
    /// What changes something, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub writes: Vec<Shown>,
    /// What the proof tries, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proof: Vec<Shown>,
}

/// A state on the way, and the one request that leads to it.
#[derive(Debug)]
pub struct Leg<S> {
    /// The state that it leads to.
    pub to: Option<S>,
    /// The request.
    pub request: Box<dyn Request>,
}

impl<S> Leg<S> {
    /// A leg.
    pub fn new(to: Option<S>, request: impl Request + 'static) -> Self {
        Self { to, request: Box::new(request) }
    }
}

/// One request of a change, and the change that it makes: journaled, sent and classified by itself.
#[derive(Debug, Clone)]
pub struct Part {
    /// From the state before it to the state after it.
    pub change: Change,
    /// The request; `None` where the step keeps to itself what it sends.
    pub request: Option<Arc<dyn Request>>,
}

impl From<Change> for Part {
    fn from(change: Change) -> Self {
        Self { change, request: None }
    }
}
