//! `destroy`: plan, ask, remove.

use trustpath_core::journal::Verb;

use super::carry_out::{Job, carry_out};
use crate::{
    args::{Consent, Destroy},
    command::Command,
    trouble::Trouble,
};

pub(super) async fn run(command: &Command<'_>, args: Destroy) -> Result<u8, Trouble> {
    let Destroy { select, allow_irreversible, going } = args;
    let consent = Consent { allow_irreversible, ..Consent::default() };
    carry_out(command, Job { verb: Verb::Destroy, select: select.into(), consent, keep: false, going }).await
}
