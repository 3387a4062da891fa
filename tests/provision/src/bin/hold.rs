//! Starts the server named by its argument, prints its process id, and holds it until killed.
//! The tests kill it as no program can prepare for, and look whether the server is gone.

use std::future;

use trustpath_provision::{HashiCorpVault, KubeApiserver, OpenBao};

#[tokio::main(flavor = "current_thread")]
async fn main() -> miette::Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("openbao") => hold(OpenBao::start().await?, OpenBao::pid).await,
        Some("vault") => hold(HashiCorpVault::start().await?, HashiCorpVault::pid).await,
        Some("kube-apiserver") => hold(KubeApiserver::start().await?, KubeApiserver::pid).await,
        _ => miette::bail!(help = "hold openbao|vault|kube-apiserver", "no such server"),
    }
}

async fn hold<S>(server: S, pid: fn(&S) -> u32) -> miette::Result<()> {
    println!("{}", pid(&server));
    future::pending().await
}
