//! What several steps read in one plan is read once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

use super::{Answer, Context, Read};
use crate::failure::Result;

type Reading = Arc<OnceCell<Result<Arc<Answer>>>>;

/// The answers of one plan, by how their reads are written. Whoever asks first reads; all others wait for that.
#[derive(Debug, Default)]
pub(crate) struct Readings(Mutex<HashMap<String, Reading>>);

impl Readings {
    pub(super) async fn read(&self, read: &dyn Read, cx: &Context) -> Result<Arc<Answer>> {
        let reading = self.reading(format!("{read:?}"));
        reading.get_or_init(|| async { read.perform(cx).await.map(Arc::new) }).await.clone()
    }

    fn reading(&self, written: String) -> Reading {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(written).or_default().clone()
    }
}
