//! The forms in which a secret may have leaked. Written without looking at how the program hides them.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};

/// As much of a secret as counts as a leak.
pub const TELLING: usize = 12;

/// The name of each form, and what is looked for.
pub(super) fn of(secret: &str) -> Vec<(&'static str, Vec<u8>)> {
    let mut forms = Vec::new();
    for part in parts(secret) {
        let bytes = part.as_bytes();
        forms.push(("as it is", bytes.to_vec()));
        let json = serde_json::Value::from(part).to_string();
        forms.push(("in JSON", json.trim_matches('"').as_bytes().to_vec()));
        forms.push(("in a URL", percent(bytes).into_bytes()));
        forms.push(("in hexadecimal", hexadecimal(bytes).into_bytes()));
        forms.push(("in capital hexadecimal", hexadecimal(bytes).to_uppercase().into_bytes()));
        for (name, at) in [("in base64", 0), ("in base64, off by one", 1), ("in base64, off by two", 2)] {
            forms.push((name, inside(&STANDARD.encode(shifted(bytes, at)), at)));
            forms.push((name, inside(&URL_SAFE.encode(shifted(bytes, at)), at)));
        }
    }
    // The beginning of a secret counts as one; in hexadecimal it has twice the letters.
    for (name, form) in &mut forms {
        form.truncate(if name.contains("hexadecimal") { 2 * TELLING } else { TELLING });
    }
    forms.sort();
    forms.dedup();
    forms
}

/// The secret, and what is a secret by itself in it: the parts of a JWT, the lines of a key.
fn parts(secret: &str) -> Vec<&str> {
    let jwt = secret.starts_with("eyJ").then(|| secret.split('.')).into_iter().flatten();
    // The first line says what sort of key it is, which is the same for all of a sort.
    let key = secret.starts_with("-----BEGIN").then(|| secret.lines().skip(2)).into_iter().flatten();
    let whole = (!secret.starts_with("-----BEGIN")).then_some(secret).into_iter();
    let more = jwt.chain(key).filter(|part| part.len() > TELLING && !part.starts_with('-'));
    whole.chain(more).collect()
}

fn shifted(bytes: &[u8], by: usize) -> Vec<u8> {
    [&b"xx"[..by], bytes].concat()
}

/// Without the letters at the beginning and the end, which depend on what is around the secret.
fn inside(encoded: &str, shifted_by: usize) -> Vec<u8> {
    let first = [0, 2, 3][shifted_by];
    let last = encoded.trim_end_matches('=').len() - 1;
    encoded.as_bytes()[first..last].to_vec()
}

fn percent(bytes: &[u8]) -> String {
    let one = |byte: &u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(*byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    bytes.iter().map(one).collect()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
