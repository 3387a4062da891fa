//! Names that are checked before anything is sent.

/// Names that are checked when they are read: a type for each, by what it is, what holds for it, and that in words.
#[macro_export]
macro_rules! names {
    ($($(#[$doc:meta])* $vis:vis $name:ident: $what:literal, $valid:expr, $rule:literal;)+) => { $(
        $crate::checked_text! {
            $(#[$doc])*
            $vis $name: |text| {
                let is_valid: fn(&str) -> bool = $valid;
                if is_valid(text) { Ok(()) } else { Err(format!("`{text}` is no {}: {}", $what, $rule)) }
            };
        }
    )+ };
}

/// A text that is checked when it is read, with what says why it is none.
#[macro_export]
macro_rules! checked_text {
    ($(#[$doc:meta])* $vis:vis $name:ident: $check:expr;) => {
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
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                let check: fn(&str) -> Result<(), String> = $check;
                check(&text).map(|()| Self(text))
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
    };
}
