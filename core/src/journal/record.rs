//! What a journal says. `docs/journal.md` describes the same for readers of the file.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    contract::{Change, Target},
    failure::Report,
    graph::Graph,
    run::{Consent, Settings},
};

/// One line of a journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When it was written, by this machine's clock.
    pub at: Timestamp,
    /// What it says.
    #[serde(flatten)]
    pub record: Record,
}

/// What happened, or is about to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "kebab-case")]
pub enum Record {
    /// The run begins. Always the first record, and only the first.
    Start(Start),
    /// A step is about to send a request that makes this change.
    Intent {
        /// The step.
        step: String,
        /// The change of this one request.
        change: Change,
    },
    /// The server has answered the step's last request: it is made.
    Done {
        /// The step.
        step: String,
        /// An earlier attempt of it was answered by no one, and may still be carried out.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unacknowledged: bool,
    },
    /// The step's last request failed.
    Failed {
        /// The step.
        step: String,
        /// Why.
        why: Report,
        /// It may still be carried out; without this, the server has answered, or was never reached.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unacknowledged: bool,
    },
    /// Nothing of the step can be carried out late any more, and it was looked at after that.
    Settled {
        /// The step.
        step: String,
    },
    /// A process continues a run that was cut off.
    Resumed {
        /// The program, and its version.
        program: String,
    },
    /// The run failed, was interrupted, or is rolled back by hand; from here on it goes backwards.
    UndoStarted {
        /// Why.
        why: Report,
    },
    /// A step is about to send a request that takes something back.
    UndoIntent {
        /// The step.
        step: String,
        /// The change of this one request.
        change: Change,
    },
    /// The step's last request was to remove something, and has left it on purpose.
    Stays {
        /// The step.
        step: String,
        /// What stays, each with the reason.
        why: Vec<String>,
    },
    /// All that the run changed in this step is back, but for what stays.
    Undone {
        /// The step.
        step: String,
    },
    /// The user leaves what stands of the step as it is: it is not taken back any more.
    Left {
        /// The step.
        step: String,
    },
    /// The step could not be taken back this time.
    UndoFailed {
        /// The step.
        step: String,
        /// Why.
        why: Report,
    },
    /// The run is finished.
    End {
        /// How.
        end: End,
    },
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// Everything was made, and holds.
    Done,
    /// It failed, and what it had made was kept on purpose.
    Kept,
    /// Everything that it had changed is as it was before.
    RolledBack,
    /// Something could not be taken back.
    Stuck,
}

/// Which way a run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// Towards what the graph file says.
    Apply,
    /// Away from it.
    Destroy,
}

impl Verb {
    /// What it is called on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Destroy => "destroy",
        }
    }
}

/// All that is needed to continue a run, or to take it back, without its graph file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// The version of the format.
    pub version: u32,
    /// The program that wrote it, and its version.
    pub program: String,
    /// The run's id.
    pub run: String,
    /// Which way it goes.
    pub verb: Verb,
    /// The graph's id.
    pub graph: String,
    /// The steps that the command is about.
    pub chosen: Vec<String>,
    /// The one system that is looked at, where it is one alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Why it is made, in the user's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the user agreed to beforehand.
    pub consent: Consent,
    /// Its limits.
    pub limits: Settings,
    /// Which servers it runs against.
    pub target: Target,
    /// The `[connections]` of the graph file, as they were.
    pub connections: Value,
    /// Every step of the graph.
    pub steps: Vec<JournaledStep>,
}

/// A step as it was when the run began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JournaledStep {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub uses: String,
    /// Its configuration.
    pub with: Value,
    /// The steps that it needs.
    pub needs: Vec<String>,
}

impl JournaledStep {
    /// Every step of a graph, as it is now.
    pub fn of(graph: &Graph) -> Vec<Self> {
        let step = |node: &crate::graph::Node| Self {
            name: node.name.to_string(),
            uses: node.uses.clone(),
            with: node.with.clone(),
            needs: node.needs.clone(),
        };
        graph.nodes().iter().map(step).collect()
    }
}
