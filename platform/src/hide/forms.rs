//! A credential that is known, in every form in which it may come back.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

/// What stands in the place of a credential.
pub(crate) const HIDDEN: &str = "[hidden]";
/// As much of a credential as may not be shown: a text that is cut off ends with the beginning of one.
pub(super) const TELLING: usize = 12;
/// Anything shorter guards nothing, and is a part of many words: `root`, as the token of a server in dev mode.
pub(super) const SHORTEST: usize = 8;

/// A secret in the forms in which it may come back: as it is, in JSON, in a URL, in hexadecimal, and in base64, alone or
/// anywhere inside of something longer.
pub(super) fn forms(secret: &str) -> Vec<String> {
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
pub(super) fn without(text: &str, forms: &[String]) -> String {
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
    form.char_indices().nth(TELLING).map_or(form, |(end, _)| &form[..end])
}

/// How many bytes two texts have in common at their beginning.
fn alike(text: &str, form: &str) -> usize {
    let same = text.chars().zip(form.chars()).take_while(|(found, wanted)| found == wanted);
    same.map(|(char, _)| char.len_utf8()).sum()
}
