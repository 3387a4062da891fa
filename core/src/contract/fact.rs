//! Facts: typed addresses that a step hands to those that need it.
//!
//! Facts are computed from configuration when the graph is loaded. Planning on an empty server, applying, and rolling
//! back in another process all see the same facts.

use std::{
    any::{Any, TypeId},
    fmt,
    sync::Arc,
};

use serde::Serialize;
use serde_json::Value;

use crate::failure::{Class, Problem, Result};

/// An address that one step hands to another. It holds no secret.
pub trait Fact: Clone + fmt::Debug + Serialize + Send + Sync + 'static {
    /// What it is called in messages, such as `auth mount`.
    const NAME: &'static str;
}

/// The facts that a step can see, or that it has handed on.
#[derive(Clone, Default)]
pub struct Facts {
    entries: Vec<GivenFact>,
}

#[derive(Clone)]
struct GivenFact {
    from: Arc<str>,
    name: &'static str,
    shown: Value,
    value: Arc<dyn Any + Send + Sync>,
}

impl Facts {
    /// Adds a fact that `from` (a step, or a section of the graph file) hands on.
    pub fn add<F: Fact>(&mut self, from: &str, fact: F) {
        let shown = serde_json::to_value(&fact).unwrap_or(Value::Null);
        self.entries.push(GivenFact { from: from.into(), name: F::NAME, shown, value: Arc::new(fact) });
    }

    /// Takes over every fact of `other`.
    pub fn extend(&mut self, other: &Self) {
        self.entries.extend(other.entries.iter().cloned());
    }

    /// All facts of one type, in the order of the steps that gave them.
    pub fn all<F: Fact>(&self) -> impl Iterator<Item = &F> {
        self.entries.iter().filter_map(|entry| entry.value.downcast_ref())
    }

    /// All facts of one type, each with the step that gave it.
    pub fn with_givers<F: Fact>(&self) -> impl Iterator<Item = (&str, &F)> {
        self.entries.iter().filter_map(|entry| Some((&*entry.from, entry.value.downcast_ref()?)))
    }

    /// Who handed on facts that answer this want.
    pub fn givers(&self, want: &Want) -> Vec<&str> {
        let same = |entry: &&GivenFact| (*entry.value).type_id() == want.id;
        self.entries.iter().filter(same).map(|entry| &*entry.from).collect()
    }

    /// Each fact as plain data: who gave it, what it is called, its value.
    pub fn shown(&self) -> impl Iterator<Item = (&str, &'static str, &Value)> {
        self.entries.iter().map(|entry| (&*entry.from, entry.name, &entry.shown))
    }
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.shown()).finish()
    }
}

/// How many facts of a type a step takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Exactly one.
    One,
    /// None or one.
    Optional,
    /// As many as there are.
    Many,
}

/// A type of fact that a step takes, and how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    /// What the fact is called.
    pub name: &'static str,
    /// How many.
    pub count: Count,
    id: TypeId,
}

impl Want {
    fn of<F: Fact>(count: Count) -> Self {
        Self { name: F::NAME, count, id: TypeId::of::<F>() }
    }

    /// Whether this many givers answer it.
    pub fn answered_by(&self, givers: usize) -> bool {
        match self.count {
            Count::One => givers == 1,
            Count::Optional => givers <= 1,
            Count::Many => true,
        }
    }
}

/// What a step takes: a fact, `Option<fact>`, `Vec<fact>`, or a tuple of these.
pub trait Takes: Sized + Send + Sync {
    /// The facts that have to be there.
    fn wants() -> Vec<Want>;

    /// Takes them.
    ///
    /// # Errors
    /// When a fact is missing; the graph's checks find that earlier, with its place in the file.
    fn take(facts: &Facts) -> Result<Self>;
}

impl<F: Fact> Takes for F {
    fn wants() -> Vec<Want> {
        vec![Want::of::<F>(Count::One)]
    }

    fn take(facts: &Facts) -> Result<Self> {
        let missing = || Problem::new(Class::Internal, "trustpath::fact::missing", format!("no {} is given", F::NAME));
        Ok(facts.all::<F>().next().cloned().ok_or_else(missing)?)
    }
}

impl<F: Fact> Takes for Option<F> {
    fn wants() -> Vec<Want> {
        vec![Want::of::<F>(Count::Optional)]
    }

    fn take(facts: &Facts) -> Result<Self> {
        Ok(facts.all::<F>().next().cloned())
    }
}

impl<F: Fact> Takes for Vec<F> {
    fn wants() -> Vec<Want> {
        vec![Want::of::<F>(Count::Many)]
    }

    fn take(facts: &Facts) -> Result<Self> {
        Ok(facts.all::<F>().cloned().collect())
    }
}

impl Takes for () {
    fn wants() -> Vec<Want> {
        Vec::new()
    }

    fn take(_: &Facts) -> Result<Self> {
        Ok(())
    }
}

/// What a step hands on: nothing, a fact, a fact or nothing, or a tuple of these.
pub trait Gives {
    /// Adds them to `out`, as given by the step `from`.
    fn give(self, from: &str, out: &mut Facts);
}

impl<F: Fact> Gives for F {
    fn give(self, from: &str, out: &mut Facts) {
        out.add(from, self);
    }
}

impl<F: Fact> Gives for Option<F> {
    fn give(self, from: &str, out: &mut Facts) {
        if let Some(fact) = self {
            out.add(from, fact);
        }
    }
}

impl Gives for () {
    fn give(self, _: &str, _: &mut Facts) {}
}

macro_rules! tuples {
    ($($name:ident),+) => {
        impl<$($name: Takes),+> Takes for ($($name,)+) {
            fn wants() -> Vec<Want> {
                [$($name::wants()),+].concat()
            }

            fn take(facts: &Facts) -> Result<Self> {
                Ok(($($name::take(facts)?,)+))
            }
        }

        impl<$($name: Gives),+> Gives for ($($name,)+) {
            #[allow(non_snake_case, reason = "one binding for each type parameter")]
            fn give(self, from: &str, out: &mut Facts) {
                let ($($name,)+) = self;
                $($name.give(from, out);)+
            }
        }
    };
}

tuples!(A, B);
tuples!(A, B, C);
tuples!(A, B, C, D);
tuples!(A, B, C, D, E);
