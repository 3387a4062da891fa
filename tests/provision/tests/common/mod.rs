//! What the tests of every server need.

use std::{
    process::Command,
    time::{Duration, Instant},
};

/// Fails unless the condition holds within a minute.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begin = Instant::now();
    while !holds().await {
        assert!(begin.elapsed() < Duration::from_secs(60), "not within a minute: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whether any process of the group lives. A zombie does not: it waits for its parent, or for init.
pub(crate) fn lives(group: u32) -> bool {
    let output = Command::new("ps").args(["-A", "-o", "pgid=,stat="]).output().expect("`ps` is installed");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).lines().any(|line| {
        let mut fields = line.split_whitespace();
        fields.next() == Some(&group.to_string()) && fields.next().is_some_and(|state| !state.starts_with('Z'))
    })
}
