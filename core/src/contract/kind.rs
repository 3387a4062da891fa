//! Kinds: what a step in a graph file can be an instance of.

use std::{fmt, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Import, Leftovers, Managed, Step, host::ManagedStep};

/// A kind of step: its name in `uses`, and how its configuration becomes a step.
///
/// Step crates register theirs with `inventory::submit! { Kind::managed::<Policy>("policy", "What may be read") }`.
/// The engine takes kinds as a slice; [`Kind::registered`] is for the edge of a program.
pub struct Kind {
    name: &'static str,
    about: &'static str,
    from_json: FromJson,
    schema: fn(&mut SchemaGenerator) -> Schema,
    systems: &'static [&'static str],
    leftovers: Option<&'static dyn Leftovers>,
    import: Option<(&'static str, &'static dyn Import)>,
}

/// Why a JSON value is no configuration of a kind, with the path.
pub type JsonError = serde_path_to_error::Error<serde_json::Error>;

type FromJson = fn(Value) -> Result<Arc<dyn Step>, JsonError>;

inventory::collect!(Kind);

impl Kind {
    /// A kind whose configuration implements [`Managed`].
    ///
    /// Its doc comments become descriptions. A key with a `#[serde(alias = "ttl")]` repeats it for the schema:
    /// `#[schemars(extend("x-aliases" = ["ttl"]))]`.
    pub const fn managed<M: Managed + DeserializeOwned + JsonSchema>(name: &'static str, about: &'static str) -> Self {
        Self {
            name,
            about,
            from_json: |with| config(with).map(|config: M| Arc::new(ManagedStep(config)) as Arc<dyn Step>),
            schema: SchemaGenerator::subschema_for::<M>,
            systems: M::SYSTEMS,
            leftovers: None,
            import: None,
        }
    }

    /// With what finds the objects of this kind that a graph has left.
    #[must_use]
    pub const fn finding(mut self, leftovers: &'static dyn Leftovers) -> Self {
        self.leftovers = Some(leftovers);
        self
    }

    /// With what tells objects of this name that are there as its steps: for what a step hands on, the name of the fact.
    #[must_use]
    pub const fn importing(mut self, of: &'static str, import: &'static dyn Import) -> Self {
        self.import = Some((of, import));
        self
    }

    /// A kind whose configuration implements [`Step`] itself.
    pub const fn direct<S: Step + DeserializeOwned + JsonSchema + 'static>(
        name: &'static str,
        about: &'static str,
    ) -> Self {
        Self {
            name,
            about,
            from_json: |with| config(with).map(|step: S| Arc::new(step) as Arc<dyn Step>),
            schema: SchemaGenerator::subschema_for::<S>,
            systems: &[],
            leftovers: None,
            import: None,
        }
    }

    /// Every kind that is linked into this program, sorted by name.
    pub fn registered() -> Vec<&'static Self> {
        let mut kinds: Vec<_> = inventory::iter::<Self>().collect();
        kinds.sort_by_key(|kind| kind.name);
        kinds
    }

    /// What `uses` calls it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// One line on what it builds.
    pub fn about(&self) -> &'static str {
        self.about
    }

    /// The systems that its steps read or write; their objects are on the first.
    pub fn systems(&self) -> &'static [&'static str] {
        self.systems
    }

    /// What finds the objects of this kind that a graph has left, and the systems on which it looks.
    pub(crate) fn leftovers(&self) -> Option<(&'static dyn Leftovers, &'static [&'static str])> {
        self.leftovers.map(|leftovers| (leftovers, self.systems))
    }

    /// What tells objects of this name as its steps, where it is the kind for them.
    pub(crate) fn import(&self, of: &str) -> Option<&'static dyn Import> {
        self.import.filter(|(own, _)| *own == of).map(|(_, import)| import)
    }

    /// The JSON Schema of its `with` table.
    pub fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.schema)(generator)
    }

    /// Makes a step from its table in a graph file, as a journal has it too.
    ///
    /// # Errors
    /// When the table is not a configuration of this kind; the error knows the path.
    pub fn from_json(&self, with: Value) -> Result<Arc<dyn Step>, JsonError> {
        (self.from_json)(with)
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kind").field("name", &self.name).finish_non_exhaustive()
    }
}

fn config<T: DeserializeOwned>(with: Value) -> Result<T, JsonError> {
    serde_path_to_error::deserialize(with)
}
