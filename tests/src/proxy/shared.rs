//! What a proxy and the requests that it carries know of each other.

use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use super::{fault::Faults, seen::Seen};
use crate::rest;

pub(super) struct Shared {
    pub(super) upstream: String,
    pub(super) client: reqwest::Client,
    pub(super) seen: Mutex<Vec<Seen>>,
    pub(super) faults: Mutex<Faults>,
    pub(super) refusal: Mutex<Option<Refusal>>,
    /// Is bumped whenever a request arrives or is answered.
    pub(super) news: watch::Sender<u64>,
    pub(super) under_way: watch::Sender<usize>,
    pub(super) held: watch::Sender<usize>,
    orders: watch::Sender<Orders>,
}

/// Connections that are turned away before anything was sent over them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal {
    /// How many connections are let in first.
    pub(super) let_in: usize,
    /// How many are turned away then.
    pub(super) left: usize,
    pub(super) refused: usize,
}

/// What becomes of the requests that are held; a new number is a new order to those that are held by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Orders {
    number: u64,
    discard: bool,
}

impl Shared {
    pub(super) fn new(upstream: &str, upstream_ca: Option<&str>) -> Self {
        Self {
            upstream: upstream.trim_end_matches('/').to_owned(),
            client: rest::client(upstream_ca),
            seen: Mutex::default(),
            faults: Mutex::default(),
            refusal: Mutex::default(),
            news: watch::Sender::new(0),
            under_way: watch::Sender::new(0),
            held: watch::Sender::new(0),
            orders: watch::Sender::default(),
        }
    }

    pub(super) fn order(&self, discard: bool) {
        self.orders.send_modify(|orders| *orders = Orders { number: orders.number + 1, discard });
    }

    /// Returns with the next order; `true` when it is to drop what is held.
    pub(super) async fn ordered(&self) -> bool {
        let mut orders = self.orders.subscribe();
        let now = orders.borrow_and_update().number;
        self.held.send_modify(|held| *held += 1);
        let order = orders.wait_for(|orders| orders.number > now).await.map(|orders| *orders);
        self.held.send_modify(|held| *held -= 1);
        // A proxy that is gone passes nothing on.
        order.map_or(true, |orders| orders.discard)
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
