//! All of trustpath, and a kind with a defect: it panics, with the token of Vault's in its words.

use std::process::ExitCode;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use trustpath_core::{Change, Context, Evidence, Goal, Kind, Plan, Result, Right, Stage, Step};

inventory::submit! { Kind::direct::<Panicking>("panicking", "It panics, and says more than it should") }

/// It panics when it is planned, or when it is proved.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Panicking {}

fn panic_with_a_secret() -> ! {
    panic!("the token was {:?}", std::env::var("VAULT_TOKEN").expect("a token to give away"))
}

#[async_trait]
impl Step for Panicking {
    async fn plan(&self, _: &Context, _: &Goal) -> Result<Plan> {
        panic_with_a_secret()
    }

    async fn apply(&self, _: &Context, _: &Change) -> Result<()> {
        panic_with_a_secret()
    }

    async fn verify(&self, _: &Context) -> Result<Evidence> {
        panic_with_a_secret()
    }

    fn rights(&self, _: &Context, _: Stage<'_>) -> Result<Vec<Right>> {
        Ok(Vec::new())
    }
}

fn main() -> ExitCode {
    trustpath_cli::main()
}
