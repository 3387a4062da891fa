//! A leak that is planted goes red: the search finds each secret in every form.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};

use super::*;

const TOKEN: &str = "hvs.CAESIJ+planted/here?&\"4b";
const JWT: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJwbGFudGVkIn0.c2lnbmF0dXJlIG9mIGl0";
const KEY: &str =
    "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEG\nplantedplantedplantedABC\n-----END PRIVATE KEY-----\n";

fn watching() -> Canaries {
    let mut canaries = Canaries::default();
    for (name, secret) in [("token", TOKEN), ("jwt", JWT), ("key", KEY)] {
        canaries.watch(name, secret);
    }
    canaries
}

/// Whether this alone, somewhere in the middle of bytes that are no text, is found as a leak of this secret.
fn found(planted: impl AsRef<[u8]>) -> Vec<String> {
    let haystack = [b"\xff\xfe before ", planted.as_ref(), b" after \x00"].concat();
    let mut names: Vec<_> = watching().leaks(&haystack).into_iter().map(|leak| leak.secret).collect();
    names.dedup();
    names
}

#[test]
fn each_form_is_found() {
    for secret in [TOKEN, JWT] {
        let name = if secret == TOKEN { "token" } else { "jwt" };
        let bytes = secret.as_bytes();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut planted =
            vec![secret.to_owned(), serde_json::json!({"a": secret}).to_string(), hex.to_uppercase(), hex];
        planted.push(
            secret.replace('+', "%2B").replace('/', "%2F").replace('?', "%3F").replace('&', "%26").replace('"', "%22"),
        );
        for before in ["", "x", "xx", "xxx", "Authorization: Bearer "] {
            let text = format!("{before}{secret} and more");
            planted
                .extend([&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD].map(|engine| engine.encode(&text)));
        }
        for planted in planted {
            assert_eq!(found(&planted), [name], "{planted}");
        }
    }
}

#[test]
fn parts_are_found() {
    assert_eq!(found(JWT.rsplit('.').next().unwrap()), ["jwt"], "the signature alone");
    assert_eq!(found(&TOKEN[..TELLING]), ["token"], "the beginning of a token");
    assert_eq!(found("plantedplantedplantedABC"), ["key"], "a line of a key");
    assert_eq!(found(KEY.replace('\n', "\\n")), ["key"], "a key in one line");
    for before in ["", "a", "ab"] {
        assert_eq!(found(STANDARD.encode(format!("{before}{KEY}"))), ["key"], "a key in base64");
    }
}

#[test]
fn what_is_no_secret_is_not_found() {
    let words = "the token hvs.*** is not known; -----BEGIN PRIVATE KEY----- MIGHAgEAMBMGByqGSM49AgEG; eyJhbGciOi";
    assert_eq!(found(words), Vec::<String>::new());
    assert_eq!(found(&TOKEN[..TELLING - 1]), Vec::<String>::new());
}

#[test]
#[should_panic(expected = "a secret is in stdout: token, as it is, at byte 3")]
fn a_leak_is_named_and_not_shown() {
    watching().assert_absent("stdout", format!("ab {TOKEN}"));
}

#[test]
fn files_are_looked_through_with_their_names() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("runs")).unwrap();
    std::fs::write(directory.path().join("runs/journal"), "nothing").unwrap();
    assert_eq!(watching().assert_absent_below(directory.path(), &[]), 1);
    std::fs::write(directory.path().join("runs/journal"), JWT).unwrap();
    let looked = std::panic::catch_unwind(|| watching().assert_absent_below(directory.path(), &[]));
    assert!(looked.is_err());
    let spared = [directory.path().join("runs/journal")];
    assert_eq!(watching().assert_absent_below(directory.path(), &spared), 0);
}

#[test]
fn what_was_not_seen_is_not_proven() {
    let mut canaries = watching();
    assert_eq!(canaries.unproven(), ["jwt", "key", "token"]);
    canaries.held("key", "it was read");
    assert_eq!(canaries.unproven(), ["jwt", "token"]);
}
