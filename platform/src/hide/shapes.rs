//! What looks like a credential, whoever knows it.

use std::{borrow::Cow, sync::LazyLock};

use regex_lite::{Captures, Regex};

use super::{HIDDEN, MIN_PREFIX, SHORTEST, forms};

/// A word of this length, of capitals, small letters and digits, is no word of any language.
const OPAQUE: usize = 20;
/// No name that somebody gave to something is longer, and still changes from small letters to capitals all the time.
const LONG: usize = 32;

static BASE64: LazyLock<Regex> = LazyLock::new(|| pattern("()([A-Za-z0-9+/]+)"));
static WORD: LazyLock<Regex> = LazyLock::new(|| pattern("()([-A-Za-z0-9_.~+]+)"));
/// The name of a scheme, and what may be a credential behind it (RFC 7235, `token68`), but for the signs that fill it up.
static SCHEME: LazyLock<Regex> =
    LazyLock::new(|| pattern("((?:^|[^-A-Za-z0-9_.~+/])(?i:(?:bearer|basic) )+)([-A-Za-z0-9_.~+/]+)"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern of this file")
}

/// A text of a server's without what looks like a credential: what follows the name of a scheme (`Bearer …`), a JWT, a
/// token of Vault's, any long word that no language has, and base64 with slashes in it.
pub fn shapes(text: &str) -> String {
    shown(text, |_| HIDDEN.to_owned())
}

/// The same with as many asterisks in its place: every position in the text stays.
pub fn masked(text: &str) -> String {
    shown(text, |word| "*".repeat(word.len()))
}

fn shown(text: &str, instead: fn(&str) -> String) -> String {
    // The slashes make words of it that may be short, and look like none.
    let text = hide(text, &BASE64, is_encoded, instead);
    let text = hide(&text, &SCHEME, is_named, instead);
    hide(&text, &WORD, is_credential, instead).into_owned()
}

/// A text without what is a credential, of all that a pattern finds in its second group.
fn hide<'a>(text: &'a str, pattern: &Regex, is: fn(&str) -> bool, instead: fn(&str) -> String) -> Cow<'a, str> {
    pattern.replace_all(text, |found: &Captures<'_>| {
        let [before, word] = [&found[1], &found[2]];
        format!("{before}{}", if is(word) { instead(word) } else { word.to_owned() })
    })
}

/// Whether this is base64, and no path; of a path with a credential in it nothing is shown.
fn is_encoded(piece: &str) -> bool {
    let is_mixed = piece.len() >= OPAQUE && has(piece, u8::is_ascii_uppercase);
    piece.contains('/') && is_mixed && (alternates_case(piece, 3) || piece.split('/').any(has_high_entropy))
}

/// Whether capitals, small letters and digits alternate as often as in what has no order: one time in so many, or more. In
/// words put together, a capital begins each.
fn alternates_case(piece: &str, times: usize) -> bool {
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
    let jwt = word.find("eyJ").is_some_and(|at| word.len() - at >= MIN_PREFIX);
    let of_vault = ["hvs.", "hvb.", "hvr."].iter().any(|kind| word.contains(kind) && word.len() >= MIN_PREFIX);
    let of_bao = ["s.", "b.", "r."].iter().any(|kind| word.strip_prefix(kind).is_some_and(is_random));
    jwt || of_vault || of_bao || is_header(word) || word.split('.').any(has_high_entropy)
}

/// Whether the value of an `Authorization` header is in it, in base64 or another form that is one word.
fn is_header(word: &str) -> bool {
    static BEGINNINGS: LazyLock<Vec<String>> =
        LazyLock::new(|| ["Bearer ", "Basic "].into_iter().flat_map(forms).collect());
    BEGINNINGS.iter().any(|beginning| word.contains(beginning))
}

/// What follows the kind of a token: 24 letters and digits, or the beginning of them.
fn is_random(text: &str) -> bool {
    text.len() >= MIN_PREFIX && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Names that are put together of words have seldom a digit in them, and the longer they are, the calmer.
fn has_high_entropy(part: &str) -> bool {
    let mixed = has(part, u8::is_ascii_uppercase) && has(part, u8::is_ascii_lowercase);
    let times = if part.len() < LONG { 2 } else { 3 };
    part.len() >= OPAQUE && mixed && (has(part, u8::is_ascii_digit) || alternates_case(part, times))
}

fn has(text: &str, what: fn(&u8) -> bool) -> bool {
    text.bytes().any(|byte| what(&byte))
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use rstest::rstest;

    use super::*;

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
    fn what_is_masked_moves_nothing() {
        let text = "a = \"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrIn0.c2ln\" # ä\nb = \"hvs.CAESIJlU1vZ2t5\", plain";
        let shown = masked(text);
        assert_eq!(shown.len(), text.len());
        assert!(
            shown.starts_with("a = \"***") && shown.ends_with("***\", plain") && shown.contains("\" # ä\nb"),
            "{shown}"
        );
    }

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
                for part in whole.windows(MIN_PREFIX).filter(|_| whole.len() >= OPAQUE) {
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
}
