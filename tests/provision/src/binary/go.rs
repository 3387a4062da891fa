use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use sha2::{Digest, Sha256};

use super::{cache, run};
use crate::{Error, Result, workspace};

const INSTALL_GO: &str = "install Go 1.26 or newer: https://go.dev/dl/";

/// A module below `tests/servers/`, named as its directory.
struct Module {
    name: &'static str,
    version: &'static str,
    linker_flags: &'static str,
    minutes: u8,
}

const KUBE_APISERVER: Module = Module {
    name: "kube-apiserver",
    version: "1.37.2",
    // Without its version set it calls itself `v0.0.0-master+$Format:%H$`, which clients refuse.
    linker_flags: "-s -w -X k8s.io/component-base/version.gitVersion=v1.37.2",
    minutes: 9,
};

const HASHICORP_VAULT: Module = Module { name: "vault", version: "1.21.4", linker_flags: "-s -w", minutes: 7 };

/// kube-apiserver 1.37.2 with its etcd and four controllers, built from `tests/servers/kube-apiserver`.
///
/// # Errors
/// Go is missing, or the build fails.
pub fn kube_apiserver(say: &dyn Fn(&str)) -> Result<PathBuf> {
    KUBE_APISERVER.build(say)
}

/// HashiCorp Vault 1.21.4 with everything in memory, built from `tests/servers/vault`.
///
/// # Errors
/// Go is missing, or the build fails.
pub fn hashicorp_vault(say: &dyn Fn(&str)) -> Result<PathBuf> {
    HASHICORP_VAULT.build(say)
}

impl Module {
    fn build(&self, say: &dyn Fn(&str)) -> Result<PathBuf> {
        let source = self.source();
        cache::cached(self.name, &self.key(&source)?, |scratch| {
            let Self { name, version, minutes, .. } = self;
            say(&format!("building {name} {version} from source: about {minutes} minutes the first time"));
            let binary = scratch.join(self.name);
            run(self.name, "go", INSTALL_GO, &mut self.command(&source, &binary))?;
            Ok(binary)
        })
    }

    fn source(&self) -> PathBuf {
        workspace::root().join("tests/servers").join(self.name)
    }

    fn command(&self, source: &Path, binary: &Path) -> Command {
        let mut command = Command::new("go");
        command
            .args(["build", "-trimpath", "-buildvcs=false", "-ldflags", self.linker_flags, "-o"])
            .arg(binary)
            .arg(".")
            .current_dir(source)
            .env("CGO_ENABLED", "0")
            .env("GOWORK", "off");
        command
    }

    /// Changes with every file that the binary is made from, and with how it is made.
    fn key(&self, source: &Path) -> Result<String> {
        let mut hash = Sha256::new();
        hash.update(self.linker_flags);
        for path in inputs(source)? {
            let content = fs::read(&path).map_err(Error::file("read", &path))?;
            hash.update(path.file_name().unwrap_or_default().as_encoded_bytes());
            hash.update(content.len().to_le_bytes());
            hash.update(content);
        }
        Ok(format!("{:x}", hash.finalize())[..12].to_owned())
    }
}

/// `go.mod`, `go.sum` and the Go files, in a fixed order.
fn inputs(source: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(source).map_err(Error::file("read", source))? {
        let path = entry.map_err(Error::file("read", source))?.path();
        if path.extension().is_some_and(|end| end == "go" || end == "mod" || end == "sum") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_are_those_of_go_mod() {
        for (module, path) in [(&KUBE_APISERVER, "k8s.io/kubernetes"), (&HASHICORP_VAULT, "github.com/hashicorp/vault")]
        {
            let go_mod = fs::read_to_string(module.source().join("go.mod")).unwrap();
            let required = format!("\t{path} v{}\n", module.version);
            assert!(go_mod.contains(&required), "{}/go.mod lacks {required:?}", module.name);
        }
        assert!(KUBE_APISERVER.linker_flags.ends_with(&format!("=v{}", KUBE_APISERVER.version)));
    }

    #[test]
    fn any_change_of_an_input_is_another_key() {
        let source = tempfile::TempDir::new().unwrap();
        let key = || KUBE_APISERVER.key(source.path()).unwrap();
        let mut seen = vec![key()];
        for (file, text) in [("go.sum", "a"), ("go.sum", "b"), ("go.mod", "a"), ("main.go", "a"), ("main.go", "aa")] {
            fs::write(source.path().join(file), text).unwrap();
            assert!(!seen.contains(&key()), "{file} = {text}");
            seen.push(key());
        }
        fs::write(source.path().join("README.md"), "no input").unwrap();
        assert_eq!(Some(&key()), seen.last());
    }
}
