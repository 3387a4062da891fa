//! `trustpath`: the library's command line with all built-in kinds.

use std::process::ExitCode;

fn main() -> ExitCode {
    trustpath_cli::main()
}
