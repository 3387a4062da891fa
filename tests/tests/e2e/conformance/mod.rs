//! The conformance kit over every kind, on real servers.

mod kinds;
mod world;

use std::sync::Arc;

use trustpath_core::{
    Kind,
    conformance::{Law, check},
};
use trustpath_tests::pair::Pair;

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
