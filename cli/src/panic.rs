//! What is said when the program itself is wrong.

use std::{io::Write, panic};

/// Says where it happened, and not a word of the payload, which may hold anything.
pub(crate) fn install_hook() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(|place| format!(" at {}:{}", place.file(), place.line())).unwrap_or_default();
        let text = format!(
            "trustpath: this is a defect of the program{place}. Please report it, with the command that led to it.\n\
             A run that was under way is taken back with `trustpath rollback`.\n"
        );
        // When stderr is gone there is nowhere left to say so.
        drop(std::io::stderr().write_all(text.as_bytes()));
    }));
}
