//! Credentials, taken out of text that is about to be shown: a server, or something before it, may send back what it was
//! sent.
//!
//! Two ways, since neither is enough: what a connection holds is known and looked for in every form in which it may come
//! back, and what looks like a credential is hidden wherever it comes from, such as a token that a plugin made, or one
//! that was minted on the way.

use std::sync::LazyLock;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use secrecy::{ExposeSecret as _, SecretString};

/// What stands in the place of a credential.
pub const HIDDEN: &str = "[hidden]";

/// As much of a credential as may not be shown: a text that is cut off ends with the beginning of one.
const TELLING: usize = 12;
/// Anything shorter guards nothing, and is a part of many words: `root`, as the token of a server in dev mode.
const SHORTEST: usize = 8;
/// A word of this length, of capitals, small letters and digits, is no word of any language.
const OPAQUE: usize = 20;
/// No name that somebody gave to something is longer, and still changes from small letters to capitals all the time.
const LONG: usize = 32;

/// The credentials of one connection. It shows none of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held(Vec<SecretString>);

impl Held {
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
        let forms = self.0.iter().flat_map(|secret| forms(secret.expose_secret()));
        forms.fold(text.to_owned(), |text, form| without(&text, &form))
    }
}

/// User and password of a URL, as they are sent; `None` where it has none.
pub(crate) fn userinfo(url: &str) -> Option<(String, String)> {
    let url = url::Url::parse(url).ok()?;
    let plain = |text: &str| percent_decoded(text);
    let has = !url.username().is_empty() || url.password().is_some();
    has.then(|| (plain(url.username()), plain(url.password().unwrap_or_default())))
}

fn percent_decoded(text: &str) -> String {
    // A query is the one place where the URL crate undoes the percent signs; there, a plus is a space.
    let query = format!("x={}", text.replace('+', "%2B"));
    let decoded = url::form_urlencoded::parse(query.as_bytes()).next().map(|(_, value)| value.into_owned());
    decoded.unwrap_or_else(|| text.to_owned())
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
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.dedup();
    forms
}

/// A text without this one, and without any beginning of it that tells something.
fn without(text: &str, form: &str) -> String {
    let telling = form.char_indices().nth(TELLING).map_or(form, |(end, _)| &form[..end]);
    let (mut kept, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(telling) {
        let same = rest[at..].char_indices().zip(form.chars()).take_while(|((_, found), wanted)| found == wanted);
        let end = same.last().map_or(at, |((start, char), _)| at + start + char.len_utf8());
        kept.push_str(&rest[..at]);
        kept.push_str(HIDDEN);
        rest = &rest[end..];
    }
    kept + rest
}

/// A text of a server's without what looks like a credential: what follows the name of a scheme (`Bearer …`), a JWT, a
/// token of Vault's, any long word that no language has, and base64 with slashes in it.
pub fn shapes(text: &str) -> String {
    words(&encoded(text))
}

/// A text without base64 that has slashes in it: they make words of it that may be short, and look like none.
fn encoded(text: &str) -> String {
    let shown = |piece| if is_encoded(piece) { HIDDEN } else { piece };
    pieces(text, in_base64).map(shown).collect()
}

fn words(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut scheme = false;
    for run in pieces(text, in_credential) {
        let is_run = run.starts_with(in_credential);
        match is_run && scheme && is_named(run) {
            true => shown.push_str(HIDDEN),
            false => shown.extend(pieces(run, in_word).map(|word| if is_credential(word) { HIDDEN } else { word })),
        }
        scheme = match is_run {
            true => ["bearer", "basic"].iter().any(|name| run.eq_ignore_ascii_case(name)),
            false => scheme && run == " ",
        };
    }
    shown
}

fn in_word(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.' | '~' | '+')
}

/// What the credential behind the name of a scheme is made of (RFC 7235, `token68`), but for the signs that fill it up.
fn in_credential(char: char) -> bool {
    in_word(char) || char == '/'
}

fn in_base64(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '+' | '/')
}

/// A text in pieces, of which every other one is made of such characters alone.
fn pieces(text: &str, of: fn(char) -> bool) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let inside = rest.chars().next().map(of)?;
        let end = rest.find(|char| of(char) != inside).unwrap_or(rest.len());
        let (piece, more) = rest.split_at(end);
        rest = more;
        Some(piece)
    })
}

/// Whether this is base64, and no path; of a path with a credential in it nothing is shown.
fn is_encoded(piece: &str) -> bool {
    let is_mixed = piece.len() >= OPAQUE && has(piece, u8::is_ascii_uppercase);
    piece.contains('/') && is_mixed && (is_restless(piece, 3) || piece.split('/').any(is_opaque))
}

/// Whether capitals, small letters and digits alternate as often as in what has no order: one time in so many, or more. In
/// words put together, a capital begins each.
fn is_restless(piece: &str, times: usize) -> bool {
    let sort = |byte: u8| (byte.is_ascii_uppercase(), byte.is_ascii_lowercase());
    let pairs = piece.as_bytes().windows(2).filter(|pair| pair.iter().all(u8::is_ascii_alphanumeric));
    let (steps, changes) =
        pairs.fold((0, 0), |(steps, changes), pair| (steps + 1, changes + usize::from(sort(pair[0]) != sort(pair[1]))));
    times * changes >= steps
}

/// Whether what stands behind the name of a scheme is a credential, and not the next word of a sentence.
fn is_named(run: &str) -> bool {
    let unlike_words = run.chars().skip(1).any(|char| char.is_ascii_digit() || char.is_ascii_uppercase());
    run.len() >= SHORTEST && (unlike_words || run.len() >= OPAQUE)
}

fn is_credential(word: &str) -> bool {
    let jwt = word.find("eyJ").is_some_and(|at| word.len() - at >= TELLING);
    let of_vault = ["hvs.", "hvb.", "hvr."].iter().any(|kind| word.contains(kind) && word.len() >= TELLING);
    let of_bao = ["s.", "b.", "r."].iter().any(|kind| word.strip_prefix(kind).is_some_and(is_random));
    jwt || of_vault || of_bao || is_header(word) || word.split('.').any(is_opaque)
}

/// Whether the value of an `Authorization` header is in it, in base64 or another form that is one word.
fn is_header(word: &str) -> bool {
    static BEGINNINGS: LazyLock<Vec<String>> =
        LazyLock::new(|| ["Bearer ", "Basic "].into_iter().flat_map(forms).collect());
    BEGINNINGS.iter().any(|beginning| word.contains(beginning))
}

/// What follows the kind of a token: 24 letters and digits, or the beginning of them.
fn is_random(text: &str) -> bool {
    text.len() >= TELLING && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Names that are put together of words have seldom a digit in them, and the longer they are, the calmer.
fn is_opaque(part: &str) -> bool {
    let mixed = has(part, u8::is_ascii_uppercase) && has(part, u8::is_ascii_lowercase);
    let times = if part.len() < LONG { 2 } else { 3 };
    part.len() >= OPAQUE && mixed && (has(part, u8::is_ascii_digit) || is_restless(part, times))
}

fn has(text: &str, what: fn(&u8) -> bool) -> bool {
    text.bytes().any(|byte| what(&byte))
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
        let hidden = Held::default().and(SECRET).hide(&format!("before {text} after"));
        assert!(hidden.contains(HIDDEN) && hidden.starts_with("before ") && hidden.ends_with(" after"), "{hidden}");
        for part in [&text[..], &SECRET[..TELLING]] {
            assert!(!hidden.contains(part), "{hidden}");
        }
    }

    #[rstest]
    #[case("authorization: Bearer ya29.opaque")]
    #[case("{\"Authorization\":[\"Basic dXNlcjpwYXNz\"]}")]
    #[case("jwt=eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrIn0.c2ln")]
    #[case("jwt eyJhbGciOiJS")]
    #[case("token hvs.CAESIJc4n4 is not known")]
    #[case("token s.iyNUhq8Ov4hIAx6snw5mB2nL is not known")]
    #[case("signature c2lnbmF0dXJlT2ZBSldU1")]
    #[case("Bearer Ab1/cD2/eF3")]
    #[case("QmVhcmVyIHVUbDNQMzJJYUIz")]
    #[case("header eEJlYXJlciBhYmM=")]
    fn what_looks_like_a_credential_is_hidden(#[case] text: &str) {
        assert!(shapes(text).contains(HIDDEN), "{}", shapes(text));
    }

    /// The token that a plugin made is told by its shape alone: with few digits, or none, and with slashes anywhere.
    #[test]
    fn what_has_no_order_is_hidden_whatever_is_in_it() {
        let mut state = 1_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33).to_le_bytes()[0]
        };
        let (mut without_digits, mut with_slashes) = (0, 0);
        for _ in 0..5_000 {
            let bytes: Vec<_> = std::iter::repeat_with(&mut random).take(160).collect();
            let letters: Vec<_> = bytes.iter().copied().filter(u8::is_ascii_alphanumeric).take(32).collect();
            for text in [STANDARD.encode(&bytes[..32]), STANDARD.encode(&letters)] {
                without_digits += usize::from(!has(&text, u8::is_ascii_digit));
                with_slashes += usize::from(text.contains('/'));
                let shown = shapes(&format!("it sent {text} and more"));
                let whole = text.trim_end_matches('=').as_bytes();
                for part in whole.windows(TELLING).filter(|_| whole.len() >= OPAQUE) {
                    assert!(!shown.contains(std::str::from_utf8(part).unwrap()), "{text}: {shown}");
                }
            }
        }
        assert!(without_digits > 10 && with_slashes > 1_000, "{without_digits}, {with_slashes}");
    }

    #[rstest]
    #[case("permission denied")]
    #[case("Bearer token is not valid; Basic authentication is disabled")]
    #[case(
        "serviceaccounts \"external-secrets\" is forbidden: User \"system:serviceaccount:ci:trustpath\" cannot create"
    )]
    #[case(
        "ClusterSecretStore.external-secrets.io \"vault-backend\" is invalid: spec.provider.vault.server: Required value"
    )]
    #[case("1 error: the uid 0b7bd6e2-8a3c-4c0e-9a55-3c2f7f0f5e1c is another's")]
    #[case("GET /v1/kv/data/Team1/Payments/Config2: no handler for route \"kv/data/Team1/Payments/Config2\"")]
    #[case("spec.containers: registry/Team/ApplicationServer/V2 is not allowed by policy/NoLatestTag")]
    #[case("FailedToCreatePodSandBox: IfNotPresentOrAlwaysPullImage, CustomResourceDefinitionIsNotEstablished")]
    #[case("Go struct field ObjectMeta.v1.metadata of type v1.ServiceAccountToken")]
    fn words_stay(#[case] text: &str) {
        assert_eq!(shapes(text), text);
    }

    #[test]
    fn what_is_short_stays_and_a_url_has_its_password_hidden() {
        assert_eq!(Held::default().and("root").hide("a root token"), "a root token");
        let held = Held::default().and_of_url("http://proxy-user:pass%40w0rd@proxy.example:3128");
        assert_eq!(held.hide("it took pass@w0rd"), format!("it took {HIDDEN}"));
        assert!(!held.hide(&STANDARD.encode("proxy-user:pass@w0rd")).contains("cGFzc0B3MHJk"));
    }

    proptest! {
        #[test]
        fn nothing_of_what_is_held_is_left(secret in "[!-~]{12,40}", before in ".{0,20}", after in ".{0,20}") {
            let hidden = Held::default().and(&secret).hide(&format!("{before}{secret}{after}"));
            prop_assert!(!hidden.replace(HIDDEN, "").contains(&secret));
        }

        #[test]
        fn any_text_can_be_looked_through(text in any::<String>(), secret in any::<String>()) {
            let held = Held::default().and(&secret);
            prop_assert_eq!(held.hide(&held.hide(&text)).contains(&secret) && secret.trim().len() >= 12, false);
        }
    }
}
