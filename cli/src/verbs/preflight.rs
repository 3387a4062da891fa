//! Before anything is asked or written: are the rights there?

use trustpath_core::run::{Engine, Needs};

use crate::{
    command::Command,
    render::{Style, line},
    trouble::Trouble,
};

/// Refuses with everything that is missing, and says what could not be asked.
pub(super) async fn check(command: &Command<'_>, engine: &Engine, needs: &Needs) -> Result<(), Trouble> {
    for unasked in engine.preflight(needs).await? {
        command.screen.say(&format!("{} {}", Style::Careful.of("note:"), line(&unasked)));
    }
    Ok(())
}
