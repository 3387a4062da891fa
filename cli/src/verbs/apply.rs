//! `apply`: plan, ask, build, prove.

use trustpath_core::journal::Verb;

use super::carry_out::{Job, carry_out};
use crate::{args::Apply, command::Command, trouble::Trouble};

pub(super) async fn run(command: &Command<'_>, args: Apply) -> Result<u8, Trouble> {
    let Apply { select, consent, keep, going } = args;
    carry_out(command, Job { verb: Verb::Apply, select: select.into(), consent, keep, going }).await
}
