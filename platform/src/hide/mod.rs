//! Credentials, taken out of text that is about to be shown: a server, or something before it, may send back what it was
//! sent.
//!
//! Two ways, since neither is enough: what a connection holds is known and looked for in every form in which it may come
//! back, and what looks like a credential is hidden wherever it comes from, such as a token that a plugin made, or one
//! that was minted on the way.

mod shapes;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};

pub use self::shapes::{masked, shapes};

/// What stands in the place of a credential.
pub(crate) const HIDDEN: &str = "[hidden]";
/// As much of a credential as may not be shown: a text that is cut off ends with the beginning of one.
const MIN_PREFIX: usize = 12;
/// Anything shorter guards nothing, and is a part of many words: `root`, as the token of a server in dev mode.
const SHORTEST: usize = 8;

/// The credentials of one connection. It shows none of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets(Vec<SecretString>);

impl Secrets {
    /// With one more; what is too short to be one is left out.
    pub(crate) fn and(mut self, secret: &str) -> Self {
        let secret = secret.trim();
        if secret.len() >= SHORTEST {
            self.0.push(SecretString::from(secret));
        }
        self
    }

    /// With the user and the password in a URL.
    pub(crate) fn and_of_url(self, url: &str) -> Self {
        match userinfo(url) {
            Some((user, password)) => self.and(&format!("{user}:{password}")).and(&password),
            None => self,
        }
    }

    /// A text of a server's without these, and without all that looks like one.
    pub(crate) fn hide(&self, text: &str) -> String {
        shapes(&self.hide_known(text))
    }

    /// A text without these.
    pub(crate) fn hide_known(&self, text: &str) -> String {
        let forms: Vec<_> = self.0.iter().flat_map(|secret| forms(secret.expose_secret())).collect();
        without(text, &forms)
    }
}

/// User and password of a URL, as they are sent; `None` where it has none.
pub(crate) fn userinfo(url: &str) -> Option<(String, String)> {
    let url = url::Url::parse(url).ok()?;
    let plain = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let has = !url.username().is_empty() || url.password().is_some();
    has.then(|| (plain(url.username()), plain(url.password().unwrap_or_default())))
}

/// A secret in the forms in which it may come back: as it is, in JSON, in a URL, in hexadecimal, and in base64, alone or
/// anywhere inside of something longer.
fn forms(secret: &str) -> Vec<String> {
    let bytes = secret.as_bytes();
    let mut forms = vec![secret.to_owned(), secret.trim_end_matches('=').to_owned()];
    let json = serde_json::Value::from(secret).to_string();
    forms.push(json.trim_matches('"').to_owned());
    forms.push(url::form_urlencoded::byte_serialize(bytes).collect());
    forms.push(bytes.iter().map(|byte| format!("{byte:02x}")).collect());
    forms.push(bytes.iter().map(|byte| format!("{byte:02X}")).collect());
    for before in 0..3 {
        let padded = [&b"..."[..before], bytes].concat();
        // The letters at both ends depend on what is around it.
        let (first, last) = ([0, 2, 3][before], padded.len() * 8 / 6);
        forms.extend(
            [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)].map(|text| text[first..last].to_owned()),
        );
    }
    forms.retain(|form| form.len() >= SHORTEST);
    forms.sort();
    forms.dedup();
    forms
}

/// A text without these, and without any beginning of one that tells something. Where several begin alike, the one that
/// goes on like the text is meant.
fn without(text: &str, forms: &[String]) -> String {
    let forms: Vec<_> = forms.iter().map(|form| (telling(form), form)).collect();
    let (mut kept, mut rest) = (String::with_capacity(text.len()), text);
    // Each place is looked at once: how often a server repeats a credential is up to the server.
    while let Some(next) = rest.chars().next() {
        let begun = forms.iter().filter(|(telling, _)| rest.starts_with(telling));
        let (shown, length) = match begun.map(|(_, form)| alike(rest, form)).max() {
            Some(length) => (HIDDEN, length),
            None => (&rest[..next.len_utf8()], next.len_utf8()),
        };
        kept.push_str(shown);
        rest = &rest[length..];
    }
    kept
}

fn telling(form: &str) -> &str {
    form.char_indices().nth(MIN_PREFIX).map_or(form, |(end, _)| &form[..end])
}

/// How many bytes two texts have in common at their beginning.
fn alike(text: &str, form: &str) -> usize {
    let same = text.chars().zip(form.chars()).take_while(|(found, wanted)| found == wanted);
    same.map(|(char, _)| char.len_utf8()).sum()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const SECRET: &str = "s3cret/with+all:kinds?of&signs\"";

    #[rstest]
    #[case::plain(SECRET.to_owned())]
    #[case::json(serde_json::Value::from(SECRET).to_string())]
    #[case::url(url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect())]
    #[case::cut(format!("what was sent: {}", &SECRET[..14]))]
    #[case::aligned(STANDARD.encode(SECRET))]
    #[case::off_by_one(STANDARD.encode(format!("x{SECRET}y")))]
    #[case::off_by_two(URL_SAFE.encode(format!("xx{SECRET}")))]
    #[case::header(STANDARD.encode(format!("Authorization: Bearer {SECRET}")))]
    #[case::hexadecimal(SECRET.bytes().map(|byte| format!("{byte:02x}")).collect())]
    fn what_is_held_is_hidden_in_every_form(#[case] text: String) {
        let hidden = Secrets::default().and(SECRET).hide(&format!("before {text} after"));
        assert!(hidden.contains(HIDDEN) && hidden.starts_with("before ") && hidden.ends_with(" after"), "{hidden}");
        for part in [&text[..], &SECRET[..MIN_PREFIX]] {
            assert!(!hidden.contains(part), "{hidden}");
        }
    }

    /// The two alphabets differ in two signs: what begins alike in both is one of them to its end.
    #[test]
    fn what_is_held_is_hidden_to_its_end() {
        let secret = "a-longer-one-with-signs-?~>?~>?~>?~>-and-some-more";
        let held = Secrets::default().and(secret);
        for text in [STANDARD.encode(secret), URL_SAFE.encode(secret), URL_SAFE.encode(format!("x{secret}"))] {
            for end in [text.len(), text.len() - 8] {
                let shown = held.hide_known(&text[..end]).replace(HIDDEN, "");
                assert!(shown.len() < 5, "{text}: {shown}");
            }
        }
    }

    #[test]
    fn what_is_held_is_hidden_without_its_padding() {
        for secret in ["0!aa0aA!a、x=", "c2VjcmV0LXdvcmQ=", "c2VjcmV0LXdvcmQ=="] {
            let held = Secrets::default().and(secret);
            assert_eq!(held.hide_known(secret.trim_end_matches('=')), HIDDEN, "{secret}");
        }
    }

    #[test]
    fn what_is_short_stays_and_a_url_has_its_password_hidden() {
        assert_eq!(Secrets::default().and("root").hide("a root token"), "a root token");
        let held = Secrets::default().and_of_url("http://proxy-user:pass%40w0rd@proxy.example:3128");
        assert_eq!(held.hide("it took pass@w0rd"), format!("it took {HIDDEN}"));
        assert!(!held.hide(&STANDARD.encode("proxy-user:pass@w0rd")).contains("cGFzc0B3MHJk"));
    }

    proptest! {
        #[test]
        fn nothing_of_what_is_held_is_left(secret in "[!-~]{12,40}", before in ".{0,20}", after in ".{0,20}") {
            let hidden = Secrets::default().and(&secret).hide(&format!("{before}{secret}{after}"));
            prop_assert!(!hidden.replace(HIDDEN, "").contains(&secret));
        }

        /// Whatever its letters are: of a beginning of it, nothing is left where it tells something, and else all of it.
        /// The padding at an end of base64 is no part of what tells, and is looked at by itself. So are letters that JSON writes
        /// otherwise: a beginning of that form tells too.
        #[test]
        fn any_text_can_be_looked_through(
            secret in "[^\\s\"\\\\\\p{Cc}]{11,29}[^\\s=\"\\\\\\p{Cc}]",
            begun in 0..30_usize,
            before in any::<String>(),
            after in any::<String>(),
        ) {
            let held = Secrets::default().and(&secret);
            let beginning = |length| secret.chars().take(length).collect::<String>();
            let (text, tells) = (format!("{before}{}{after}", beginning(begun)), beginning(MIN_PREFIX));
            let known = held.hide_known(&text);
            prop_assert_eq!(known == text, !text.contains(&tells), "{}", known);
            prop_assert_eq!(known.contains(HIDDEN), text.contains(&tells), "{}", known);
            prop_assert!(!held.hide(&text).contains(&tells));
        }
    }
}
