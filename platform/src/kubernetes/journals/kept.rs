//! What the Secret holds next: of which runs, and what goes when it gets too much. Pure.

use std::{collections::BTreeMap, path::Path};

use jiff::Timestamp;
use k8s_openapi::{ByteString, api::core::v1::Secret, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use trustpath_core::journal::{End, Log, replay};

/// The name of the Secret: one a cluster, beside the Lease of its runs.
pub(super) const NAME: &str = "trustpath-journals";
/// How a journal's key ends; the run's id stands before it.
pub(super) const ENDING: &str = ".jsonl";

/// What a Secret holds at most: the API server refuses more.
pub(super) const LIMIT: usize = 1 << 20;
/// As long as there are journals of finished runs, all together stay below this: a run that begins has room then.
const ROOM: usize = 700 << 10;
/// How many journals of finished runs are kept at most.
const OVER: usize = 20;

/// What is said of the Secret's origin, besides its name.
const TYPE: &str = "trustpath.dev/journals";
const LABEL: (&str, &str) = ("app.kubernetes.io/managed-by", "trustpath");

type Data = BTreeMap<String, ByteString>;

/// What becomes of the Secret when a run's journal has come so far.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kept {
    /// It has all of it.
    Already,
    /// This is to be written, in the version that it says.
    As(Box<Secret>),
    /// What it has of the run is not the beginning of that journal.
    Changed,
    /// So many bytes would have to be in it.
    TooMuch(usize),
}

/// The journals in the Secret, by run.
pub(super) fn journals(secret: Option<&Secret>) -> Vec<(String, Vec<u8>)> {
    let data = secret.and_then(|secret| secret.data.as_ref()).into_iter().flatten();
    data.filter_map(|(key, value)| Some((key.strip_suffix(ENDING)?.to_owned(), value.0.clone()))).collect()
}

/// The Secret with these lines of the run whose journal has that key. Whatever else is in it stays, but for journals of
/// finished runs.
pub(super) fn with(found: Option<&Secret>, namespace: &str, key: &str, lines: &[u8]) -> Kept {
    let mut secret = found.cloned().unwrap_or_else(|| empty(namespace));
    let data = secret.data.get_or_insert_default();
    let before = data.insert(key.to_owned(), ByteString(lines.to_vec()));
    match &before {
        Some(before) if before.0 == lines => return Kept::Already,
        Some(before) if !lines.starts_with(&before.0) => return Kept::Changed,
        _ => {}
    }
    // What is over is looked for where a run begins, and where there is too much.
    if before.is_none() || size(data) > ROOM {
        prune(data, key);
    }
    let size = size(data);
    if size > LIMIT { Kept::TooMuch(size) } else { Kept::As(Box::new(secret)) }
}

fn empty(namespace: &str) -> Secret {
    Secret {
        metadata: ObjectMeta {
            name: Some(NAME.to_owned()),
            namespace: Some(namespace.to_owned()),
            labels: Some(BTreeMap::from([(LABEL.0.to_owned(), LABEL.1.to_owned())])),
            ..ObjectMeta::default()
        },
        type_: Some(TYPE.to_owned()),
        ..Secret::default()
    }
}

/// Removes journals of finished runs, the oldest first, until few enough are left and all fit. That of the run at
/// work, of runs that are not over, and what cannot be read, stay.
fn prune(data: &mut Data, own: &str) {
    let mut over: Vec<_> = data
        .iter()
        .filter(|(key, _)| *key != own && key.ends_with(ENDING))
        .filter_map(|(key, value)| Some((ended(&value.0)?, key.clone())))
        .collect();
    over.sort();
    let mut left = over.len();
    for (_, key) in over {
        if left <= OVER && size(data) <= ROOM {
            return;
        }
        data.remove(&key);
        left -= 1;
    }
}

/// When a run began that is over; `None` where it is not, or that cannot be told.
fn ended(lines: &[u8]) -> Option<Timestamp> {
    let log = Log::parse(Path::new(NAME), lines).ok()?;
    let over = !matches!(replay(&log.entries).end, None | Some(End::Stuck));
    log.entries.first().filter(|_| over).map(|entry| entry.at)
}

/// What the API server counts: the values, as they are.
fn size(data: &Data) -> usize {
    data.values().map(|value| value.0.len()).sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use trustpath_core::journal::VERSION;

    use super::*;

    /// A line of a journal, as its format is written down: the checksum is over the bytes of the entry.
    fn line(entry: &serde_json::Value) -> String {
        let entry = entry.to_string();
        let mut crc = !0_u32;
        for byte in entry.bytes() {
            crc ^= u32::from(byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
            }
        }
        format!("{{\"crc\":\"{:08x}\",\"entry\":{entry}}}\n", !crc)
    }

    /// The journal of a run that began in that second, as long as `size` at least.
    fn journal(second: usize, end: Option<&str>, size: usize) -> Vec<u8> {
        let at = Timestamp::from_second(i64::try_from(second).unwrap()).unwrap().to_string();
        let start = json!({
            "at": at, "record": "start", "version": VERSION, "program": "x".repeat(size), "run": format!("r{second}"),
            "verb": "apply", "graph": "g", "chosen": [], "consent": trustpath_core::run::Consent::default(),
            "limits": trustpath_core::run::Settings::default(), "target": {}, "connections": null, "steps": [],
        });
        let end = end.map(|end| line(&json!({"at": at, "record": "end", "end": end})));
        [line(&start), end.unwrap_or_default()].concat().into_bytes()
    }

    fn key(second: usize) -> String {
        format!("r{second}{ENDING}")
    }

    /// Writes a new run's journal into a Secret that holds these.
    fn after(held: Vec<(String, Vec<u8>)>, lines: &[u8]) -> Kept {
        let mut secret = empty("default");
        secret.data = Some(held.into_iter().map(|(key, lines)| (key, ByteString(lines))).collect());
        secret.metadata.resource_version = Some("7".into());
        with(Some(&secret), "default", "new.jsonl", lines)
    }

    fn keys(kept: Kept) -> Vec<String> {
        let Kept::As(mut secret) = kept else { panic!("{kept:?}") };
        assert_eq!(secret.metadata.resource_version.as_deref(), Some("7"), "it is bound to what was read");
        secret.data.take().unwrap().into_keys().collect()
    }

    fn sorted(mut keys: Vec<String>) -> Vec<String> {
        keys.sort();
        keys
    }

    #[test]
    fn a_secret_is_made_with_our_label_and_holds_a_journal_as_it_is() {
        let Kept::As(made) = with(None, "locks", "r.jsonl", b"a\n") else { panic!("it is to be made") };
        let meta = &made.metadata;
        assert_eq!((meta.name.as_deref(), meta.namespace.as_deref()), (Some(NAME), Some("locks")));
        assert_eq!(meta.labels.as_ref().unwrap()[LABEL.0], LABEL.1);
        assert_eq!(journals(Some(&made)), [("r".to_owned(), b"a\n".to_vec())]);
        assert_eq!(with(Some(&made), "locks", "r.jsonl", b"a\n"), Kept::Already);
        assert_eq!(with(Some(&made), "locks", "r.jsonl", b"b\n"), Kept::Changed);
        assert_eq!(with(Some(&made), "locks", "r.jsonl", b""), Kept::Changed, "it says more than we know");
        let Kept::As(more) = with(Some(&made), "locks", "r.jsonl", b"a\nb\n") else { panic!("it goes on") };
        assert_eq!(journals(Some(&more)), [("r".to_owned(), b"a\nb\n".to_vec())]);
        assert_eq!(journals(None), []);
    }

    #[test]
    fn of_runs_that_are_over_the_latest_stay() {
        let held = |end: &'static str| (1..=30).map(|second| (key(second), journal(second, Some(end), 0))).collect();
        for end in ["done", "kept", "rolled-back"] {
            let left = (11..=30).map(key).chain(["new.jsonl".into()]).collect();
            assert_eq!(keys(after(held(end), b"new\n")), sorted(left), "{end}");
        }
        assert_eq!(keys(after(held("stuck"), b"new\n")).len(), 31, "a stuck run is not over");
        let unfinished = (1..=30).map(|second| (key(second), journal(second, None, 0))).collect();
        assert_eq!(keys(after(unfinished, b"new\n")).len(), 31);
    }

    #[test]
    fn only_as_many_stay_as_there_is_room_for() {
        let held = (1..=9).map(|second| (key(second), journal(second, Some("done"), 100 << 10))).collect();
        assert_eq!(keys(after(held, b"new\n")), sorted((4..=9).map(key).chain(["new.jsonl".into()]).collect()));
    }

    #[test]
    fn what_is_not_over_damaged_or_another_clients_stays_and_counts() {
        let mut held = vec![
            (key(1), journal(1, None, 300 << 10)),
            (key(2), journal(2, Some("done"), 100 << 10)),
            (key(3), journal(3, Some("stuck"), 300 << 10)),
            ("r4.jsonl".to_owned(), b"damaged\n".to_vec()),
            ("note".to_owned(), vec![b'x'; 150 << 10]),
        ];
        let kept = keys(after(held.clone(), b"new\n"));
        assert_eq!(kept, ["new.jsonl", "note", "r1.jsonl", "r3.jsonl", "r4.jsonl"]);
        let size = |kept| if let Kept::TooMuch(size) = kept { size } else { panic!("{kept:?}") };
        assert!(size(after(held.clone(), &vec![b'x'; 300 << 10])) > LIMIT);
        held.retain(|(key, _)| key != "note");
        let left = LIMIT - held.iter().filter(|(name, _)| *name != key(2)).map(|(_, lines)| lines.len()).sum::<usize>();
        assert!(matches!(after(held.clone(), &vec![b'x'; left]), Kept::As(_)));
        assert_eq!(size(after(held, &vec![b'x'; left + 1])), LIMIT + 1);
    }

    #[test]
    fn a_run_that_grows_makes_room_for_itself() {
        let mut secret = empty("default");
        let held = [(key(1), journal(1, Some("done"), 600 << 10)), ("new.jsonl".to_owned(), b"a\n".to_vec())];
        secret.data = Some(held.into_iter().map(|(key, lines)| (key, ByteString(lines))).collect());
        let longer = [b"a\n".as_slice(), &vec![b'x'; 200 << 10]].concat();
        let Kept::As(mut grown) = with(Some(&secret), "default", "new.jsonl", &longer) else { panic!("it fits") };
        assert_eq!(grown.data.take().unwrap().into_keys().collect::<Vec<_>>(), ["new.jsonl"]);
    }
}
