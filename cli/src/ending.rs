//! What is said and written down of this process when it ends badly.

use std::{io::Write, panic};

use rustix::process::{Resource, Rlimit, setrlimit};

/// One byte: less than a dump takes as a file, and the one limit at which Linux hands none to a program either, such as
/// systemd-coredump (core(5); `RLIMIT_CORE` in the kernel's fs/coredump.c).
const NO_DUMP: Option<u64> = Some(1);

/// No core dump is made of this process or of those that it starts: its memory holds tokens. It stays one whose state another
/// process of the same user can read: that is how a lock's holder is known to be gone.
///
/// A system that refuses has no such limit, or a lower one.
pub(crate) fn without_core_dump() {
    setrlimit(Resource::Core, Rlimit { current: NO_DUMP, maximum: NO_DUMP }).ok();
}

/// Says where a panic happened, and not a word of the payload, which may hold anything.
pub(crate) fn install_panic_hook() {
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
