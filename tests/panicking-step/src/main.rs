//! All of trustpath, and a kind with a defect: it panics, with the token of Vault's in its words.

use std::process::ExitCode;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use trustpath_core::{Context, Evidence, Goal, Kind, Part, Plan, Result, Reversibility, Right, Stage, Step};

inventory::submit! { Kind::direct::<Panicking>("panicking", "It panics, and says more than it should") }

/// It has something to make, and panics in one of its verbs; what takes it back does not.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Panicking {
    /// In which of them.
    at: Verb,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Verb {
    Plan,
    Rights,
    Apply,
    Verify,
    /// The process is aborted, as it is where a panic panics, or a stack is at its end.
    Abort,
}

impl Panicking {
    fn reach(&self, verb: Verb) {
        if self.at == verb {
            panic!("the token was {:?}", std::env::var("VAULT_TOKEN").expect("a token to give away"))
        }
    }
}

#[async_trait]
impl Step for Panicking {
    /// The lock of the cluster is held while it runs.
    fn systems(&self) -> &'static [&'static str] {
        &["kubernetes"]
    }

    /// What it makes is nowhere: there is always all of it to make, and never anything to take back.
    async fn plan(&self, _: &Context, goal: &Goal) -> Result<Plan> {
        self.reach(Verb::Plan);
        let mut plan = Plan::nothing(None);
        if *goal == Goal::Present {
            plan.change.after = Some(json!({}));
            plan.reversibility = Reversibility::Full;
        }
        Ok(plan)
    }

    async fn apply(&self, _: &Context, part: &Part) -> Result<()> {
        if part.change.after.is_none() {
            return Ok(());
        }
        self.reach(Verb::Apply);
        if self.at == Verb::Abort {
            std::process::abort();
        }
        Ok(())
    }

    async fn verify(&self, _: &Context) -> Result<Evidence> {
        self.reach(Verb::Verify);
        Ok(Evidence::new().passed("it is there", "nowhere"))
    }

    fn rights(&self, _: &Context, _: Stage<'_>) -> Result<Vec<Right>> {
        self.reach(Verb::Rights);
        Ok(Vec::new())
    }
}

fn main() -> ExitCode {
    trustpath_cli::main()
}
