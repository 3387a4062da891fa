//! What the system would write down of this process when it ends badly.

use rustix::process::{Resource, Rlimit, setrlimit};

/// No core dump is made of this process or of those that it starts: its memory holds tokens. A limit alone does not keep the
/// kernel from handing the dump to a program (core(5)), so that Linux is told as well that this process is not to be dumped.
///
/// A system that refuses has no such limits. That is no reason not to run: nothing is worse than it was.
pub(crate) fn none() {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }).ok();
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable).ok();
}
