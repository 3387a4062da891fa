//! Names that are checked before anything is sent.

/// Why a text is no name of its sort.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is no {what}: {rule}")]
pub struct InvalidName {
    text: String,
    what: &'static str,
    rule: &'static str,
}

impl InvalidName {
    /// A text that is none.
    pub fn new(text: String, what: &'static str, rule: &'static str) -> Self {
        Self { text, what, rule }
    }
}

/// Texts that are checked when they are read: a type for each, by what it is, what holds for it, and that in words.
#[macro_export]
macro_rules! names {
    ($($(#[$doc:meta])* $vis:vis $name:ident: $what:literal, $valid:expr, $rule:literal;)+) => { $(
        #[derive(
            Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize, ::serde::Deserialize, ::schemars::JsonSchema,
        )]
        $(#[$doc])*
        #[serde(try_from = "String", into = "String")]
        #[schemars(with = "String")]
        $vis struct $name(String);

        impl $name {
            /// The text.
            $vis fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::names::InvalidName;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                let is_valid: fn(&str) -> bool = $valid;
                if is_valid(&text) { Ok(Self(text)) } else { Err($crate::names::InvalidName::new(text, $what, $rule)) }
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl ::std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+ };
}
