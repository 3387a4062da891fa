//! Where a field is, as `metadata.managedFields` writes it (structured-merge-diff, `fieldpath`).

use std::fmt;

use serde_json::Value;

/// One step into an object. Keys and values are kept as JSON text, which orders them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// A field of a map: `f:NAME`.
    Field(String),
    /// An item of an associative list: `k:{"name":"x"}`.
    Key(String),
    /// An item of a set: `v:"x"`.
    Value(String),
}

impl Step {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("f", name) => Some(Self::Field(name.to_owned())),
            ("k", key) => Some(Self::Key(key.to_owned())),
            ("v", value) => Some(Self::Value(value.to_owned())),
            _ => None,
        }
    }

    pub(crate) fn encode(&self) -> String {
        match self {
            Self::Field(name) => format!("f:{name}"),
            Self::Key(key) => format!("k:{key}"),
            Self::Value(value) => format!("v:{value}"),
        }
    }

    /// Whether this step leads from a list to `item`.
    pub(crate) fn is_item(&self, item: &Value) -> bool {
        match self {
            Self::Field(_) => false,
            Self::Value(value) => serde_json::from_str::<Value>(value).is_ok_and(|value| value == *item),
            Self::Key(key) => match serde_json::from_str(key) {
                Ok(Value::Object(key)) => key.iter().all(|(k, v)| item.get(k) == Some(v)),
                _ => false,
            },
        }
    }
}

/// The way from an object's root to a field.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Path(pub(crate) Vec<Step>);

impl Path {
    pub(crate) fn with(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    pub(crate) fn is_at_or_under(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// The way to what holds the last step, unless that is the root.
    pub(crate) fn parent(&self) -> Option<Self> {
        match self.0.split_last()? {
            (_, []) => None,
            (_, steps) => Some(Self(steps.to_vec())),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.0 {
            match step {
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Value(value) => write!(f, "[={value}]")?,
                Step::Key(key) => match serde_json::from_str(key) {
                    Ok(Value::Object(key)) => {
                        let parts: Vec<_> = key.iter().map(|(k, v)| format!("{k}={v}")).collect();
                        write!(f, "[{}]", parts.join(","))?;
                    }
                    _ => write!(f, "[{key}]")?,
                },
            }
        }
        Ok(())
    }
}
