//! What a write sends, by the names of its parameters.

use std::{collections::BTreeMap, fmt, sync::Arc};

use async_trait::async_trait;
use serde_json::{Map, Value};
use trustpath_core::{Class, Context, Problem, Result, Right};

use super::rights::On;
use crate::policy::Capability;

/// A value that is fetched when its request is sent, and is nowhere before that: a secret, a version.
#[async_trait]
pub trait Deferred: fmt::Debug + Send + Sync {
    /// What stands in its place wherever the request is shown, such as `<the version that is there>`.
    fn placeholder(&self) -> String;

    /// Why no policy can be held to it, as a sentence without its full stop.
    fn why_unpinned(&self) -> String;

    /// What fetching it takes, of whichever system.
    fn rights(&self) -> Vec<Right>;

    /// Fetches it.
    ///
    /// # Errors
    /// When it cannot be had, or is not the one that was planned with.
    async fn fetch(&self, cx: &Context) -> Result<Value>;
}

/// The value of one parameter.
#[derive(Debug, Clone)]
pub enum Field {
    /// This.
    Plain(Value),
    /// Fetched when it is sent.
    Late(Arc<dyn Deferred>),
    /// Known once the steps before this one are applied, for this reason; a request that has one is never sent.
    NotYet(&'static str),
}

impl<T: Into<Value>> From<T> for Field {
    fn from(value: T) -> Self {
        Self::Plain(value.into())
    }
}

/// What is sent.
#[derive(Debug, Clone, Default)]
pub struct Body {
    fields: BTreeMap<String, Field>,
    /// What it may hold another time, or with another value, each with the reason.
    at_times: BTreeMap<&'static str, &'static str>,
}

impl FromIterator<(String, Value)> for Body {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(values: I) -> Self {
        let fields = values.into_iter().map(|(name, value)| (name, Field::Plain(value))).collect();
        Self { fields, at_times: BTreeMap::new() }
    }
}

impl Body {
    /// With another parameter.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Field>) -> Self {
        self.fields.insert(name.into(), value.into());
        self
    }

    /// With a parameter that is fetched when it is sent.
    #[must_use]
    pub fn with_late(mut self, name: impl Into<String>, late: impl Deferred + 'static) -> Self {
        self.fields.insert(name.into(), Field::Late(Arc::new(late)));
        self
    }

    /// With a parameter that no policy is held to, as the same request has one at other times.
    pub(super) fn at_times(mut self, name: &'static str, why: &'static str) -> Self {
        self.at_times.insert(name, why);
        self
    }

    /// What it takes to send it to a path, with what fetching takes.
    pub(super) fn may_be_sent(&self, path: On<'_>, capabilities: &[Capability]) -> Vec<Right> {
        let unpinned = self.unpinned();
        let unpinned: Vec<_> = unpinned.iter().map(|(name, why)| (*name, why.as_str())).collect();
        [path.may_send(capabilities, &self.pinned(), &unpinned), self.rights()].concat()
    }

    /// The parameters to whose values a policy can be held.
    fn pinned(&self) -> Map<String, Value> {
        let plain = self.fields.iter().filter_map(|(name, field)| match field {
            Field::Plain(value) => Some((name.clone(), value.clone())),
            Field::Late(_) | Field::NotYet(_) => None,
        });
        plain.collect()
    }

    /// Those to which it cannot, each with the reason.
    fn unpinned(&self) -> Vec<(&str, String)> {
        let unpinned = self.fields.iter().filter_map(|(name, field)| match field {
            Field::Plain(_) => None,
            Field::Late(late) => Some((name.as_str(), late.why_unpinned())),
            Field::NotYet(why) => Some((name.as_str(), (*why).to_owned())),
        });
        unpinned.chain(self.at_times.iter().map(|(name, why)| (*name, (*why).to_owned()))).collect()
    }

    /// What fetching takes.
    pub(super) fn rights(&self) -> Vec<Right> {
        let late = self.fields.values().filter_map(|field| match field {
            Field::Late(late) => Some(late.rights()),
            Field::Plain(_) | Field::NotYet(_) => None,
        });
        late.flatten().collect()
    }

    /// With placeholders for what is not known before it is sent.
    pub(super) fn shown(&self) -> Value {
        let shown = |field: &Field| match field {
            Field::Plain(value) => value.clone(),
            Field::Late(late) => late.placeholder().into(),
            Field::NotYet(why) => format!("<known after apply: {why}>").into(),
        };
        Value::Object(self.fields.iter().map(|(name, field)| (name.clone(), shown(field))).collect())
    }

    /// As it goes out: everything late is fetched, here and nowhere else.
    pub(super) async fn filled(&self, cx: &Context) -> Result<Map<String, Value>> {
        let mut filled = Map::new();
        for (name, field) in &self.fields {
            let value = match field {
                Field::Plain(value) => value.clone(),
                Field::Late(late) => late.fetch(cx).await?,
                Field::NotYet(why) => return Err(not_yet(name, why).into()),
            };
            filled.insert(name.clone(), value);
        }
        Ok(filled)
    }
}

fn not_yet(name: &str, why: &str) -> Problem {
    let message = format!("`{name}` is not known yet, and nothing was sent: {why}");
    Problem::new(Class::Internal, "trustpath::vault::not_yet", message).help("this is a defect of the step")
}
