//! Objects in protobuf: how kubectl sends what it makes from its arguments alone (`create namespace NAME`, `create token`).
//!
//! Of each kind that this project's documents make so, the fields that kubectl fills are read. Numbers of fields are those of
//! the `generated.proto` of Kubernetes' API packages, and the envelope is `runtime.Unknown`.

use serde_json::{Map, Value, json};

/// What every body begins with.
const MAGIC: &[u8] = b"k8s\0";

/// What is in a field.
enum Shape {
    Text,
    Number,
    /// From texts to texts.
    Texts,
    Message(&'static [Field]),
}

/// A field: its number, its name, what is in it, and whether there may be several.
type Field = (u64, &'static str, Shape, bool);

const META: Shape = Shape::Message(&[
    (1, "name", Shape::Text, false),
    (3, "namespace", Shape::Text, false),
    (11, "labels", Shape::Texts, false),
    (12, "annotations", Shape::Texts, false),
]);
const SUBJECT: Shape = Shape::Message(&[
    (1, "kind", Shape::Text, false),
    (2, "apiGroup", Shape::Text, false),
    (3, "name", Shape::Text, false),
    (4, "namespace", Shape::Text, false),
]);
const ROLE: Shape = Shape::Message(&[
    (1, "apiGroup", Shape::Text, false),
    (2, "kind", Shape::Text, false),
    (3, "name", Shape::Text, false),
]);
const TOKEN: Shape =
    Shape::Message(&[(1, "audiences", Shape::Text, true), (4, "expirationSeconds", Shape::Number, false)]);

const PLAIN: &[Field] = &[(1, "metadata", META, false)];
const BINDING: &[Field] = &[(1, "metadata", META, false), (2, "subjects", SUBJECT, true), (3, "roleRef", ROLE, false)];
const TOKEN_REQUEST: &[Field] = &[(1, "metadata", META, false), (2, "spec", TOKEN, false)];

/// The kinds that are read.
const KINDS: &[(&str, &[Field])] = &[
    ("Namespace", PLAIN),
    ("ServiceAccount", PLAIN),
    ("SelfSubjectReview", PLAIN),
    ("ClusterRoleBinding", BINDING),
    ("RoleBinding", BINDING),
    ("TokenRequest", TOKEN_REQUEST),
];

/// The object in a body.
///
/// # Errors
/// What of it is not read here.
pub(crate) fn decode(body: &[u8]) -> Result<Value, String> {
    let envelope = body.strip_prefix(MAGIC).and_then(parts).ok_or("it is cut off")?;
    let kind_of = envelope.iter().find_map(|part| part.bytes(1)).and_then(parts).ok_or("it has no kind")?;
    let text =
        |number| kind_of.iter().find_map(|part| part.bytes(number)).and_then(|text| std::str::from_utf8(text).ok());
    let (version, kind) = (text(1).unwrap_or_default(), text(2).unwrap_or_default());
    let known = KINDS.iter().find(|(known, _)| *known == kind);
    let (_, fields) = known.ok_or_else(|| format!("the kind `{kind}`"))?;
    let raw = envelope.iter().find_map(|part| part.bytes(2)).ok_or("it has no object")?;
    let mut object = message(raw, fields)?;
    object.insert("apiVersion".into(), version.into());
    object.insert("kind".into(), kind.into());
    Ok(object.into())
}

/// A field as it was sent.
struct Part<'a> {
    number: u64,
    value: Sent<'a>,
}

enum Sent<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Part<'a> {
    fn bytes(&self, number: u64) -> Option<&'a [u8]> {
        match self.value {
            Sent::Bytes(bytes) if self.number == number => Some(bytes),
            _ => None,
        }
    }
}

fn message(bytes: &[u8], fields: &[Field]) -> Result<Map<String, Value>, String> {
    let mut object = Map::new();
    for part in parts(bytes).ok_or("it is cut off")? {
        let Some((_, name, shape, several)) = fields.iter().find(|field| field.0 == part.number) else {
            // What is not set is sent too: a status, a time.
            if is_empty(&part.value) {
                continue;
            }
            return Err(format!("field {} of a message", part.number));
        };
        let value = read(&part.value, shape)?;
        match (object.get_mut(*name), value) {
            (Some(Value::Array(there)), value) => there.push(value),
            (Some(Value::Object(there)), Value::Object(more)) => there.extend(more),
            (_, value) => {
                object.insert((*name).into(), if *several { json!([value]) } else { value });
            }
        }
    }
    Ok(object)
}

fn read(value: &Sent<'_>, shape: &Shape) -> Result<Value, String> {
    match (shape, value) {
        (Shape::Text, Sent::Bytes(bytes)) => Ok(String::from_utf8_lossy(bytes).into()),
        (Shape::Number, Sent::Number(number)) => Ok((*number).into()),
        (Shape::Message(fields), Sent::Bytes(bytes)) => message(bytes, fields).map(Value::Object),
        (Shape::Texts, Sent::Bytes(bytes)) => {
            let entry = message(bytes, &[(1, "key", Shape::Text, false), (2, "value", Shape::Text, false)])?;
            let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
            Ok(json!({ text("key"): text("value") }))
        }
        _ => Err("a field of another type".into()),
    }
}

/// Whether nothing is in it, however deep.
fn is_empty(value: &Sent<'_>) -> bool {
    match value {
        Sent::Number(number) => *number == 0,
        Sent::Bytes(bytes) => parts(bytes).is_some_and(|parts| parts.iter().all(|part| is_empty(&part.value))),
    }
}

/// The fields of a message, in the order in which they were sent; `None` when they are cut off.
fn parts(mut bytes: &[u8]) -> Option<Vec<Part<'_>>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let value = match tag & 7 {
            0 => Sent::Number(varint(&mut bytes)?),
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                let (value, rest) = bytes.split_at_checked(length)?;
                bytes = rest;
                Sent::Bytes(value)
            }
            _ => return None,
        };
        found.push(Part { number: tag >> 3, value });
    }
    Some(found)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for at in 0..10 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f).checked_shl(7 * at)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, u8::try_from(bytes.len()).unwrap()], bytes].concat()
    }

    fn body(kind: &str, raw: &[u8]) -> Vec<u8> {
        let of = [field(1, b"v1"), field(2, kind.as_bytes())].concat();
        [MAGIC, &field(1, &of), &field(2, raw), &field(3, b"")].concat()
    }

    #[test]
    fn what_is_set_is_read() {
        let label = [field(1, b"team"), field(2, b"platform")].concat();
        let meta = [field(1, b"x"), field(8, b""), field(11, &label)].concat();
        let namespace = [field(1, &meta), field(2, b""), field(3, b"")].concat();
        let expected =
            json!({"metadata": {"name": "x", "labels": {"team": "platform"}}, "apiVersion": "v1", "kind": "Namespace"});
        assert_eq!(decode(&body("Namespace", &namespace)).unwrap(), expected);
        let spec = [field(1, b"a"), field(1, b"b"), vec![4 << 3, 0xd8, 0x04]].concat();
        let read = decode(&body("TokenRequest", &field(2, &spec))).unwrap();
        assert_eq!(read["spec"], json!({"audiences": ["a", "b"], "expirationSeconds": 600}));
    }

    #[test]
    fn what_is_not_read_is_said() {
        assert_eq!(decode(&body("Pod", b"")).unwrap_err(), "the kind `Pod`");
        let owner = field(1, &field(13, &field(1, b"v1")));
        assert_eq!(decode(&body("Namespace", &owner)).unwrap_err(), "field 13 of a message");
        let whole = body("Namespace", &field(1, &field(1, b"x")));
        for end in 0..whole.len() - 2 {
            assert!(decode(&whole[..end]).is_err(), "{end}");
        }
    }
}
