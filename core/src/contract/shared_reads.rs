//! What several steps ask for in one plan or proof is asked for once.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

/// The answers of one plan or proof, by their type and what was asked. Whoever asks first asks; all others wait for that.
#[derive(Debug, Default)]
pub(crate) struct SharedReads(Mutex<HashMap<(TypeId, String), Arc<dyn Any + Send + Sync>>>);

impl SharedReads {
    pub(super) async fn shared<T>(&self, what: String, ask: impl Future<Output = T>) -> T
    where
        T: Clone + Send + Sync + 'static,
    {
        self.cell::<T>(what).get_or_init(|| ask).await.clone()
    }

    fn cell<T: Send + Sync + 'static>(&self, what: String) -> Arc<OnceCell<T>> {
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cell = cells.entry((TypeId::of::<T>(), what)).or_insert_with(|| Arc::new(OnceCell::<T>::new()));
        cell.clone().downcast().unwrap_or_default()
    }
}
