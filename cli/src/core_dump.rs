//! What the system would write down of this process when it ends badly.

use rustix::process::{Resource, Rlimit, setrlimit};

/// One byte: less than a dump takes as a file, and the one limit at which Linux hands none to a program either, such as
/// systemd-coredump (core(5); `RLIMIT_CORE` in the kernel's fs/coredump.c).
const NO_DUMP: Option<u64> = Some(1);

/// No core dump is made of this process or of those that it starts: its memory holds tokens. It stays one whose state another
/// process of the same user can read: that is how a lock's holder is known to be gone.
///
/// A system that refuses has no such limit, or a lower one.
pub(crate) fn none() {
    setrlimit(Resource::Core, Rlimit { current: NO_DUMP, maximum: NO_DUMP }).ok();
}
