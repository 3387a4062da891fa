//! Handles: connections that are opened on first use, once; of those to other systems than a command is about, none.

use std::{any::Any, collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use futures::future::BoxFuture;
use tokio::sync::OnceCell;

use super::{Demand, MissingRights, Right, in_flight::InFlight};
use crate::failure::{Class, Failure, Problem, Result};

/// What tells one server from another of its sort, such as a cluster id: name and value, no secrets.
pub type Identity = BTreeMap<String, String>;

/// The identity of each system that a run talked to, by the handle's name.
pub type Target = BTreeMap<String, Identity>;

/// A connection to a system that steps talk to.
pub trait Handle: Connection {
    /// The system's name in journals and messages, such as `vault`.
    const NAME: &'static str;
}

/// What every connection can say of itself, whichever system it leads to.
#[async_trait]
pub trait Connection: Any + Send + Sync {
    /// Which server this is. A rollback refuses to run against another.
    ///
    /// # Errors
    /// When the server does not answer.
    async fn identity(&self) -> Result<Identity>;

    /// Which of these rights the connection does not have, asked in as few requests as possible. A right of which the
    /// server does not say is never called missing.
    ///
    /// # Errors
    /// When the server does not answer.
    async fn missing_rights(&self, rights: &[Right]) -> Result<MissingRights> {
        let unasked = rights.first().map(|right| format!("{} cannot be asked who may do what.", right.system));
        Ok(MissingRights { missing: Vec::new(), unasked: unasked.into_iter().collect() })
    }

    /// Asks what a run will ask however it is planned, while its locks are taken: what came of that is told later.
    async fn prepare(&self) {}

    /// Sees that the connection's credentials last for a run. Answers with what cannot be known of that, in whole
    /// sentences.
    ///
    /// # Errors
    /// When they end before the run may, or the server does not answer.
    async fn lasts(&self, _: &Demand) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// The rights one by one, where one stands for all that this server has of a sort.
    ///
    /// # Errors
    /// When the server does not answer.
    async fn expand(&self, rights: Vec<Right>) -> Result<Vec<Vec<Right>>> {
        Ok(rights.into_iter().map(|right| vec![right]).collect())
    }
}

type Open = Box<dyn Fn() -> BoxFuture<'static, Result<Arc<dyn Connection>>> + Send + Sync>;

struct Slot {
    name: &'static str,
    open: Open,
    opened: OnceCell<Result<Arc<dyn Connection>>>,
}

/// The systems that steps can talk to.
#[derive(Default)]
pub struct Handles {
    slots: Vec<Slot>,
    under_way: InFlight,
    only: Option<Only>,
}

/// The one system that a command is about.
struct Only {
    system: String,
    /// What is said of the others, which are not asked.
    stated: Target,
}

impl Handles {
    /// Knows no system.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a system. `open` is called at most once, when a step first asks; whether it opens or fails, all get that
    /// one answer.
    #[must_use]
    pub fn with<H, F, Fut>(mut self, open: F) -> Self
    where
        H: Handle,
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<H>> + Send + 'static,
    {
        let open: Open = Box::new(move || {
            let opening = open();
            Box::pin(async move { Ok(Arc::new(opening.await?) as Arc<dyn Connection>) })
        });
        self.slots.push(Slot { name: H::NAME, open, opened: OnceCell::new() });
        self
    }

    /// With one system alone: no other is looked at, whatever asks for it. `stated` is what the user says of their identity.
    #[must_use]
    pub fn only(mut self, system: &str, stated: Target) -> Self {
        self.only = Some(Only { system: system.to_owned(), stated });
        self
    }

    /// The one system that is looked at, where it is one alone.
    pub fn alone(&self) -> Option<&str> {
        Some(&self.only.as_ref()?.system)
    }

    /// Whether a system is looked at.
    pub fn looks_at(&self, system: &str) -> bool {
        self.alone().is_none_or(|only| only == system)
    }

    /// What the user says of the identity of a system that is not looked at.
    pub fn stated(&self, system: &str) -> Option<&Identity> {
        self.only.as_ref().filter(|only| only.system != system)?.stated.get(system)
    }

    /// What continues them though it was given up.
    pub(crate) fn in_flight(&self) -> &InFlight {
        &self.under_way
    }

    /// The connection to `H`, opened now if it was not yet.
    ///
    /// # Errors
    /// When it cannot be opened; every caller gets the same failure.
    pub async fn get<H: Handle>(&self) -> Result<Arc<H>> {
        let any: Arc<dyn Any + Send + Sync> = self.named(H::NAME).await?;
        Ok(any.downcast().map_err(|_| unknown(H::NAME))?)
    }

    /// Opens a system before anyone asks for it, and for a run asks what every run does; what comes of that is told to whoever
    /// asks then.
    pub async fn open_early(&self, name: &str, for_a_run: bool) {
        if let Ok(handle) = self.named(name).await
            && for_a_run
        {
            handle.prepare().await;
        }
    }

    /// The identities of the systems that were opened so far.
    ///
    /// # Errors
    /// When one of them does not answer.
    pub async fn target(&self) -> Result<Target> {
        let opened = self.slots.iter().filter_map(|slot| Some((slot.name, slot.opened.get()?.as_ref().ok()?)));
        let identities = opened.map(|(name, handle)| async move { Ok((name.to_owned(), handle.identity().await?)) });
        futures::future::try_join_all(identities).await.map(Target::from_iter)
    }

    /// The identity of one system, which is opened for it if need be; of one that is not looked at, what is said of it.
    ///
    /// # Errors
    /// When there is no such system, or it does not answer.
    pub async fn identify(&self, name: &str) -> Result<Identity> {
        match self.stated(name) {
            Some(stated) => Ok(stated.clone()),
            None => self.named(name).await?.identity().await,
        }
    }

    /// The connection to a system, opened now if it was not yet.
    ///
    /// # Errors
    /// When there is no such system, it is not looked at, or it cannot be opened.
    pub async fn named(&self, name: &str) -> Result<Arc<dyn Connection>> {
        if let Some(only) = self.alone().filter(|only| *only != name) {
            return Err(not_looked_at(name, only).into());
        }
        let slot = self.slots.iter().find(|slot| slot.name == name).ok_or_else(|| unknown(name))?;
        slot.opened.get_or_init(|| (slot.open)()).await.clone()
    }
}

const NOT_LOOKED_AT: &str = "trustpath::system::not_looked_at";

fn not_looked_at(name: &str, only: &str) -> Problem {
    Problem::new(Class::Denied, NOT_LOOKED_AT, format!("{name} is not looked at: the command is about {only} alone"))
        .help("leave --system out, with credentials for both")
}

/// Whether something was to be asked of a system that is not looked at.
pub(super) fn was_not_looked_at(failure: &Failure) -> bool {
    failure.report().code.as_deref() == Some(NOT_LOOKED_AT)
}

fn unknown(name: &str) -> Problem {
    Problem::new(Class::Internal, "trustpath::handle::unknown", format!("this program has no connection to {name}"))
        .help("build the binary with the handle that the step needs")
}
