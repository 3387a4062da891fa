//! The conformance kit over every kind, on real servers.

mod asked;
mod cut;
mod file;
mod kinds;
mod outside;
mod own;
mod world;

use std::sync::Arc;

use trustpath_conformance::{Law, check};
use trustpath_core::Kind;
use trustpath_tests::pair::Pair;

/// Each law, checked on each kind that the program has.
pub(crate) async fn every_kind_keeps_every_law(pair: Arc<Pair>) {
    let mut broken = Vec::new();
    for kind in registered() {
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

/// Each verb of each kind, cut off at each of its requests, run again, and taken back.
pub(crate) async fn every_kind_may_be_cut_off_at_every_request(pair: Arc<Pair>) {
    let mut broken = Vec::new();
    for kind in registered() {
        let case = kinds::case(kind.name(), &pair).await;
        case.begin().await;
        broken.extend(cut::every_request(&case).await);
        case.finish().await;
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Every kind that the program has, and those of one's own. Where the linker had left them out, nothing would be checked.
fn registered() -> Vec<&'static Kind> {
    let kinds = Kind::registered();
    for of in ["policy", "approle"] {
        assert!(kinds.iter().any(|kind| kind.name() == of), "the kinds that `{of}` is one of are missing");
    }
    kinds
}
