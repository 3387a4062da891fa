//! The conformance kit over every kind, on real servers.

mod cut;
mod kinds;
mod world;

use std::sync::Arc;

use trustpath_core::{
    Kind,
    conformance::{Law, check},
};
use trustpath_tests::pair::{Pair, Which};

/// Each law, checked on each kind that the program has.
pub(crate) async fn every_kind_keeps_every_law(pair: Arc<Pair>) {
    let mut broken = Vec::new();
    for kind in Kind::registered() {
        let case = kinds::case(kind.name(), &pair).await;
        case.begin().await;
        for law in Law::ALL {
            if let Err(error) = check(&case, law).await {
                broken.push(format!("{}: {error}", kind.name()));
            }
        }
        case.finish().await;
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Each verb of each kind, cut off at each of its requests, run again, and taken back. On the sandbox alone, unless
/// `cargo xtask sweep` asks for more: what is cut off is the program, and real servers take their time.
pub(crate) async fn every_kind_may_be_cut_off_at_every_request(pair: Arc<Pair>) {
    if pair.which != Which::SANDBOX && std::env::var_os("TRUSTPATH_SWEEP").is_none() {
        return;
    }
    let mut broken = Vec::new();
    for kind in Kind::registered() {
        let case = kinds::case(kind.name(), &pair).await;
        case.begin().await;
        broken.extend(cut::every_request(&case).await);
        case.finish().await;
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
