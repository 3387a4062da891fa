//! A server does not outlive the process that started it, even if that is killed.

mod common;

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use common::{eventually, lives};
use tempfile::TempDir;

async fn dies_with_its_parent(server: &str) {
    // A killed process cannot remove its temporary files: they are put where this one does.
    let temporary = TempDir::new().unwrap();
    let mut parent = Command::new(env!("CARGO_BIN_EXE_hold"))
        .arg(server)
        .env("TMPDIR", temporary.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(parent.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let group = line.trim().parse().unwrap();
    assert!(lives(group));

    parent.kill().unwrap(); // SIGKILL
    parent.wait().unwrap();
    eventually("the server is gone", async || !lives(group)).await;
}

#[tokio::test]
async fn openbao_dies_with_its_parent() {
    dies_with_its_parent("openbao").await;
}

#[tokio::test]
async fn vault_dies_with_its_parent() {
    dies_with_its_parent("vault").await;
}

#[tokio::test]
async fn kube_apiserver_dies_with_its_parent() {
    dies_with_its_parent("kube-apiserver").await;
}
