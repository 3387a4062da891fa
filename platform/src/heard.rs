//! What servers warn of, on its way to the user.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// So many different warnings are told: a server that has more to say is not listened to.
const MOST: usize = 50;

/// Tells somebody what a server warns of, each warning once. Cheap to clone. By itself it tells no one.
#[derive(Clone, Default)]
pub struct Heard(Option<Arc<Listener>>);

struct Listener {
    told: Mutex<BTreeSet<String>>,
    tell: Box<dyn Fn(&str) + Send + Sync>,
}

impl Heard {
    /// `tell` gets every warning that is new, cleaned of control characters and of credentials.
    pub fn by(tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(Listener { told: Mutex::default(), tell: Box::new(tell) })))
    }

    pub(crate) fn note<'a>(&self, warnings: impl IntoIterator<Item = &'a String>) {
        let Some(listener) = &self.0 else { return };
        for warning in warnings {
            let mut told = listener.told.lock().unwrap_or_else(PoisonError::into_inner);
            if told.len() < MOST && told.insert(warning.clone()) {
                (listener.tell)(warning);
            }
        }
    }
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heard").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_warning_is_told_once_and_not_without_an_end() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let into = told.clone();
        let heard = Heard::by(move |warning| into.lock().unwrap().push(warning.to_owned()));
        heard.note(&["a".to_owned(), "b".to_owned(), "a".to_owned()]);
        heard.clone().note(&["b".to_owned()]);
        assert_eq!(*told.lock().unwrap(), ["a", "b"]);
        (0..100).for_each(|nth| heard.note(&[nth.to_string()]));
        assert_eq!(told.lock().unwrap().len(), MOST);
        Heard::default().note(&["a".to_owned()]);
    }
}
