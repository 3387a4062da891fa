//! Having the servers before anything needs them: says what is built, and how long that takes.

use std::{path::PathBuf, time::Instant};

use miette::Result;
use trustpath_provision::binary;
use trustpath_tests::pair::Which;

use crate::shell::seconds;

/// Makes sure that the servers of a pair can be started.
pub(crate) fn have(which: Which) -> Result<()> {
    if which.real_kubernetes {
        one("kube-apiserver", binary::kube_apiserver)?;
    }
    if which.hashicorp_vault {
        one("HashiCorp Vault", binary::hashicorp_vault)
    } else {
        one("OpenBao", binary::openbao)
    }
}

/// Has one server's binary; is told what will take long.
type Get = fn(&dyn Fn(&str)) -> trustpath_provision::Result<PathBuf>;

fn one(name: &str, get: Get) -> Result<()> {
    let begun = Instant::now();
    let said = std::cell::Cell::new(false);
    get(&|what| {
        said.set(true);
        eprintln!("==> {what}");
    })?;
    if said.get() {
        eprintln!("==> {name}: {}", seconds(begun.elapsed()));
    }
    Ok(())
}
