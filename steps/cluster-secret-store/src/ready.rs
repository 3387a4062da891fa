//! What the operator says of a store. Pure.
//!
//! Ready proves that the operator could log in, and not that it can read. Its status names no generation: what it says
//! may be older than the last change of the store, and only an event can tell that it has looked again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use trustpath_platform::{kubernetes::FIELD_MANAGER, text::clean};

/// The operator looks at each store every 5 minutes; after this time what it says is about the store as it is.
const LOOKED_AGAIN: Duration = Duration::from_secs(10 * 60);

/// What the operator says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// It could log in, with the store as it is now.
    Ready,
    /// It could log in, with the store as it was before it was changed.
    Stale,
    /// It did not try.
    Unvalidated(String),
    /// It could not log in.
    Failing(String),
    /// It has said nothing yet.
    Silent,
}

/// Whether the operator has ever looked at the store.
pub(crate) fn was_looked_at(live: &Value) -> bool {
    condition(live).is_some()
}

/// What the operator says, given what it said in events.
pub(crate) fn verdict(live: &Value, events: &[Value], now: Timestamp) -> Readiness {
    let Some(ready) = condition(live) else { return Readiness::Silent };
    let message = || clean(ready["message"].as_str().unwrap_or_default());
    match (ready["status"].as_str(), ready["reason"].as_str()) {
        (_, Some("ValidationUnknown")) => Readiness::Unvalidated(message()),
        (Some("True"), _) if is_current(live, ready, events, now) => Readiness::Ready,
        (Some("True"), _) => Readiness::Stale,
        _ => Readiness::Failing(failure(events).unwrap_or_else(message)),
    }
}

fn condition(live: &Value) -> Option<&Value> {
    live["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == "Ready")
}

fn is_current(live: &Value, ready: &Value, events: &[Value], now: Timestamp) -> bool {
    let Some(applied) = applied(live) else { return true };
    let since = time(&ready["lastTransitionTime"]);
    let said = events.iter().filter(|event| event["type"] == "Normal").filter_map(last_seen);
    let long_ago = SignedDuration::try_from(LOOKED_AGAIN).is_ok_and(|time| now.duration_since(applied) > time);
    long_ago || since.into_iter().chain(said).any(|time| time >= applied)
}

/// When we last changed the store, by the server's clock.
fn applied(live: &Value) -> Option<Timestamp> {
    let entries = live["metadata"]["managedFields"].as_array()?;
    let ours = |entry: &&Value| entry["manager"] == FIELD_MANAGER && entry["operation"] == "Apply";
    time(&entries.iter().find(ours)?["time"])
}

/// The error itself: the condition only says that there is one.
fn failure(events: &[Value]) -> Option<String> {
    let warnings = events.iter().filter(|event| event["type"] == "Warning");
    let latest = warnings.max_by_key(|event| last_seen(event))?;
    let message = clean(latest["message"].as_str()?);
    (!message.is_empty()).then_some(message)
}

fn last_seen(event: &Value) -> Option<Timestamp> {
    let times = [
        &event["series"]["lastObservedTime"],
        &event["lastTimestamp"],
        &event["eventTime"],
        &event["metadata"]["creationTimestamp"],
    ];
    times.into_iter().find_map(time)
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    const APPLIED: &str = "2026-01-01T12:00:00Z";

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn store(status: &str, reason: &str, since: &str) -> Value {
        json!({
            "metadata": {"managedFields": [
                {"manager": "kubectl", "operation": "Apply", "time": "2026-01-01T13:00:00Z"},
                {"manager": "trustpath", "operation": "Apply", "time": APPLIED},
            ]},
            "status": {"conditions": [
                {"type": "Ready", "status": status, "reason": reason, "message": "in short", "lastTransitionTime": since},
            ]},
        })
    }

    fn event(kind: &str, message: &str, seen: &str) -> Value {
        json!({"type": kind, "message": message, "lastTimestamp": seen})
    }

    #[rstest]
    #[case("2026-01-01T12:00:00Z", Readiness::Ready)]
    #[case("2026-01-01T12:00:01Z", Readiness::Ready)]
    #[case("2026-01-01T11:00:00Z", Readiness::Stale)]
    fn ready_is_what_was_said_after_the_last_change(#[case] since: &str, #[case] expected: Readiness) {
        assert_eq!(verdict(&store("True", "Valid", since), &[], at("2026-01-01T12:00:05Z")), expected);
    }

    #[rstest]
    #[case("Normal", "2026-01-01T12:00:01Z", Readiness::Ready)]
    #[case("Normal", "2026-01-01T11:59:00Z", Readiness::Stale)]
    #[case("Warning", "2026-01-01T12:00:01Z", Readiness::Stale)]
    fn an_event_tells_that_it_looked_again(#[case] kind: &str, #[case] seen: &str, #[case] expected: Readiness) {
        let events = [event(kind, "", seen)];
        let store = store("True", "Valid", "2026-01-01T11:00:00Z");
        assert_eq!(verdict(&store, &events, at("2026-01-01T12:00:05Z")), expected);
    }

    #[test]
    fn after_a_while_it_has_looked_again() {
        let store = store("True", "Valid", "2026-01-01T11:00:00Z");
        assert_eq!(verdict(&store, &[], at("2026-01-01T12:11:00Z")), Readiness::Ready);
    }

    #[test]
    fn the_latest_event_says_what_the_condition_does_not() {
        let store = store("False", "InvalidProviderConfig", "2026-01-01T12:00:01Z");
        let events = [
            event("Warning", "permission denied", "2026-01-01T12:00:02Z"),
            event("Warning", "connection refused", "2026-01-01T12:00:01Z"),
            event("Normal", "store validated", "2026-01-01T12:00:03Z"),
        ];
        let now = at("2026-01-01T12:00:05Z");
        assert_eq!(verdict(&store, &events, now), Readiness::Failing("permission denied".into()));
        assert_eq!(verdict(&store, &[], now), Readiness::Failing("in short".into()));
    }

    #[test]
    fn a_store_that_was_not_tried_is_not_ready() {
        let store = store("True", "ValidationUnknown", "2026-01-01T12:00:01Z");
        assert_eq!(verdict(&store, &[], at("2026-01-01T12:00:05Z")), Readiness::Unvalidated("in short".into()));
    }

    #[test]
    fn without_a_condition_nothing_was_said() {
        assert_eq!(verdict(&json!({"status": {}}), &[], at(APPLIED)), Readiness::Silent);
        assert!(!was_looked_at(&json!({})));
    }
}
