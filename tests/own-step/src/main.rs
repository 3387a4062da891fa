//! All of trustpath, and the kind of this crate.

use std::process::ExitCode;

use trustpath_own_step as _;

fn main() -> ExitCode {
    trustpath_cli::main()
}
