//! The auth mounts as they were seen last, for what needs to know them and changes nothing by it.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::call::{Operation, VaultCall};
use crate::exchange::HttpAnswer;

/// What is mounted is read here, and changed below.
const AUTH: &str = "sys/auth";

/// The answers to reading the auth mounts, by namespace, as long as nothing was mounted or unmounted through this connection.
#[derive(Default)]
pub(super) struct SeenMounts(Mutex<BTreeMap<Option<String>, Vec<u8>>>);

impl SeenMounts {
    /// Remembers the mounts, or forgets all where a call may have changed them.
    pub(super) fn note(&self, namespace: Option<&str>, call: &VaultCall, answer: &HttpAnswer) {
        if call.operation == Operation::Read && call.path == AUTH {
            self.all().insert(namespace.map(str::to_owned), answer.body.clone());
        } else if call.operation.writes() && call.path.starts_with(AUTH) {
            self.all().clear();
        }
    }

    /// What was answered last.
    pub(super) fn of(&self, namespace: Option<&str>) -> Option<Vec<u8>> {
        self.all().get(&namespace.map(str::to_owned)).cloned()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<Option<String>, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
