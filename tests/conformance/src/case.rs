//! What a kind's tests bring.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use serde_json::Value;
use trustpath_core::{
    Result,
    contract::{Context, Handles, Right, StepConsent},
    graph::{Graph, Node, StepIndex},
};

/// What the servers hold before the step comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// Everything that the step needs, and not its own object.
    Empty,
    /// The step's own object too, with other values, made by another client.
    Other,
}

pub(super) const BEGINNINGS: [Beginning; 2] = [Beginning::Empty, Beginning::Other];

/// `None` when a law holds, else how it is broken.
pub(super) type Found = Result<Option<String>>;

/// A kind under test.
#[async_trait]
pub trait Case: Send + Sync {
    /// Servers in the state of `beginning`, new or cleaned, with all that the step under test needs applied.
    async fn world(&self, beginning: Beginning) -> Result<World>;

    /// Every secret that the step touches, to be searched for in all that it says.
    fn secrets(&self) -> Vec<String>;
}

/// Servers, and the graph that holds the step under test.
pub struct World {
    /// The graph.
    pub graph: Arc<Graph>,
    /// The name of the step under test.
    pub step: String,
    /// The systems that it talks to.
    pub handles: Arc<Handles>,
    /// The servers, seen from outside of the program.
    pub servers: Arc<dyn Servers>,
}

/// Servers, seen from outside of the program.
#[async_trait]
pub trait Servers: Send + Sync {
    /// All that a step could change, without what a server does not give back: uid, accessor, resourceVersion,
    /// the times of managedFields, versions, and what a login leaves (an identity entity).
    async fn snapshot(&self) -> Result<Value>;

    /// The same servers, for somebody who has these rights and no other; `None` where they give no rights,
    /// and where [`Law::AsksForWhatItSends`](super::Law::AsksForWhatItSends) can therefore not be checked.
    async fn limited(&self, rights: &[Right]) -> Result<Option<Limited>> {
        let _ = rights;
        Ok(None)
    }

    /// What others do with the object once it is there, such as a controller that finds fault with it: a proof looks further
    /// then.
    async fn others_react(&self) -> Result<()> {
        Ok(())
    }

    /// Returns once no request is under way: dropping a future does not recall its request.
    async fn quiet(&self) -> Result<()>;
}

/// Servers, for somebody who has certain rights and no other.
pub struct Limited {
    /// The systems, with such credentials.
    pub handles: Arc<Handles>,
    /// The rights that were used so far, by their words.
    pub used: Box<dyn Fn() -> BTreeSet<String> + Send + Sync>,
}

impl World {
    /// The place of the step under test.
    ///
    /// # Panics
    /// When the case names a step that its graph does not have.
    pub fn place(&self) -> StepIndex {
        self.graph.place(&self.step).expect("a case names a step of its own graph")
    }

    /// The step under test.
    pub fn node(&self) -> &Node {
        self.graph.node(self.place())
    }

    /// Its context, with consent to take over what is there.
    pub fn context(&self) -> Context {
        self.context_with(&self.handles)
    }

    /// The same with other connections.
    pub fn context_with(&self, handles: &Arc<Handles>) -> Context {
        self.graph.context(self.place(), handles, StepConsent { adopt: true, force_conflicts: true })
    }
}
