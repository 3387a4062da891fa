//! A Vault in a few lines, to see the whole of deciding and writing cut off at every request.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use trustpath_core::{Answer, Answers, Change, ChangeHistory, Leg, Reversibility, Shown, contract::Drift};
use trustpath_platform::{digest::Digest, vault::backend::MountState};

use super::{Wanted, cx, facts, inside, jwt, sourced};
use crate::{config::KubernetesAuth, document, making::Making, state::State};

/// What a server holds: the mount, the config, and the JWT that no one can read.
#[derive(Debug, Clone, PartialEq)]
struct Server {
    mount: Option<Value>,
    config: Option<Map<String, Value>>,
    jwt: Option<&'static str>,
}

/// The JWTs of the world.
const JWTS: [&str; 3] = ["one", "two", "three"];

impl Server {
    fn observe(&self, previous: Option<&'static str>) -> Option<State> {
        let mounts = Answers::from_iter([("mounts", Answer::Found(json!({"kubernetes/": self.mount.clone()?})))]);
        let mount = MountState::answered(&mounts, "mounts", "kubernetes").expect("an answer").expect("a mount");
        let config = self.config.clone().map(|mut config| {
            config.insert("token_reviewer_jwt_set".to_owned(), self.jwt.is_some().into());
            config
        });
        let previous = previous.filter(|_| self.jwt.is_some()).map(Digest::of);
        Some(document::observed(mount, config, previous))
    }

    /// Makes one request, as Vault does.
    fn serve(&mut self, request: &Shown) {
        let mut body = request.body.as_object().cloned().unwrap_or_default();
        match (request.method.as_str(), request.path.as_str()) {
            ("DELETE", "sys/auth/kubernetes") => *self = Self { mount: None, config: None, jwt: None },
            ("POST", "sys/auth/kubernetes") if self.mount.is_some() => {}
            ("POST", "sys/auth/kubernetes") => {
                let mut tune =
                    json!({"default_lease_ttl": 0, "force_no_cache": false, "token_type": "default-service"});
                merge(&mut tune, body.get("config").and_then(Value::as_object).cloned().unwrap_or_default());
                self.mount = Some(json!({"type": body["type"], "description": body["description"], "config": tune}));
            }
            ("POST", "sys/mounts/auth/kubernetes/tune") => {
                let mount = self.mount.as_mut().expect("only what is there is tuned");
                mount["description"] = body.remove("description").expect("a description");
                merge(&mut mount["config"], body);
            }
            ("POST", "auth/kubernetes/config") => {
                assert!(self.mount.is_some());
                self.jwt = body.remove("token_reviewer_jwt").map(|sent| {
                    let is_it = |jwt: &&str| sent == format!("<the reviewer JWT {}>", Digest::of(jwt));
                    JWTS.into_iter().find(is_it).expect("a JWT that no one has was to be written")
                });
                self.config = Some(body);
            }
            other => panic!("{other:?} is not known here"),
        }
    }

    /// Makes the first `cut` requests of a way.
    fn go(&mut self, way: &[Leg<State>], cut: usize) {
        way.iter().take(cut).for_each(|leg| self.serve(&leg.request.shown()));
    }
}

fn merge(tune: &mut Value, with: impl IntoIterator<Item = (String, Value)>) {
    let tune = tune.as_object_mut().expect("an object");
    for (key, value) in with {
        match (key.as_str(), &value) {
            ("listing_visibility", Value::String(text)) if text.is_empty() => drop(tune.remove(&key)),
            (_, Value::Array(list)) if list.is_empty() => drop(tune.remove(&key)),
            _ => drop(tune.insert(key, read(value))),
        }
    }
}

/// Vault reads numbers from texts.
fn read(value: Value) -> Value {
    match value.as_str().and_then(|text| text.parse::<u64>().ok()) {
        Some(number) => number.into(),
        None => value,
    }
}

fn json(state: Option<&State>) -> Option<Value> {
    state.map(|state| serde_json::to_value(state).expect("a state"))
}

fn journaled(state: &State) -> State {
    serde_json::from_value(json(Some(state)).expect("a state")).expect("the same state")
}

/// The way between two states as they are journaled.
fn way(from: Option<&State>, to: Option<&State>) -> Vec<Leg<State>> {
    let step: KubernetesAuth = serde_json::from_value(json!({})).expect("a configuration");
    step.legs(&facts(None), from.map(journaled).as_ref(), to.map(journaled).as_ref())
}

/// What somebody wants.
#[derive(Debug, Clone)]
struct Wish {
    with: Value,
    jwt: Option<&'static str>,
}

impl Wish {
    fn step(&self) -> KubernetesAuth {
        serde_json::from_value(self.with.clone()).expect("a configuration")
    }

    fn around(&self) -> Making {
        self.jwt.map_or_else(inside, |text| sourced(Some(jwt(text))))
    }

    fn decide(&self, now: Option<&State>) -> State {
        Wanted::from(self.step().wants((&cx(), false), &self.around(), now).expect("a decision")).state
    }

    /// Whether what is made can be taken back, where this JWT is given besides.
    fn undo(&self, previous: Option<&str>, from: Option<&State>, to: &State) -> Reversibility {
        let around = Making { previous: previous.map(jwt), ..self.around() };
        from.map_or(Reversibility::Full, |from| self.step().undo(&around, from, to))
    }
}

fn servers() -> impl Strategy<Value = Server> {
    let jwt = prop_oneof![Just(None), Just(Some("one"))];
    let config = prop_oneof![Just(None), jwt.prop_map(Some)];
    let mark = prop_oneof![
        Just(""),
        Just(" [trustpath graph=ours]"),
        Just(" [trustpath graph=ours cluster=this-cluster]"),
        Just(" [trustpath graph=theirs]"),
        Just("jwt")
    ];
    (any::<bool>(), config, mark, any::<bool>(), any::<bool>()).prop_map(|(mounted, config, mark, ttl, issuer)| {
        let jwt = config.flatten();
        let mark = match (mark, jwt) {
            ("jwt", Some(jwt)) => format!(" [trustpath graph=ours reviewer={}]", Digest::of(jwt).as_str()),
            ("jwt", None) => String::new(),
            (mark, _) => mark.to_owned(),
        };
        let mut tune = json!({"default_lease_ttl": 0, "force_no_cache": false, "token_type": "default-service"});
        if ttl {
            tune["default_lease_ttl"] = json!(60);
            tune["listing_visibility"] = json!("hidden");
        }
        let mount = json!({"type": "kubernetes", "description": format!("old{mark}"), "config": tune});
        let config = config.map(|_| {
            let config = json!({
                "kubernetes_host": "https://kubernetes.default.svc", "pem_keys": [], "disable_local_ca_jwt": false,
                "disable_iss_validation": true, "issuer": if issuer { "old" } else { "" },
            });
            config.as_object().cloned().expect("an object")
        });
        if mounted {
            Server { mount: Some(mount), config, jwt }
        } else {
            Server { mount: None, config: None, jwt: None }
        }
    })
}

fn wishes() -> impl Strategy<Value = Wish> {
    let jwt = prop_oneof![Just(None), Just(Some("one")), Just(Some("two")), Just(Some("three"))];
    (jwt, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(jwt, tune, description, issuer)| {
        let mut with = json!({});
        if tune {
            with["tune"] = json!({"default_lease_ttl": "2h", "listing_visibility": "unauth", "token_type": "batch",
                "passthrough_request_headers": ["X"]});
        }
        if description {
            with["description"] = json!("new");
        }
        if issuer {
            with["issuer"] = json!("new");
        }
        if jwt.is_none() {
            with["reviewer"] = json!("vault");
        }
        Wish { with, jwt }
    })
}

/// Takes back what was made so far, cut off once on the way, and looks each time.
fn take_back(server: &mut Server, made: &Change, previous: Option<&'static str>, cut: usize) {
    for cut in [cut, usize::MAX] {
        let now = server.observe(previous);
        match ChangeHistory::from(made.clone()).drift(json(now.as_ref()).as_ref()) {
            Drift::None => return,
            Drift::Ours => {}
            Drift::Foreign(leaves) => panic!("our own work looks like another client's: {leaves:?} in {server:?}"),
        }
        let before: Option<State> = made.before.clone().map(|state| serde_json::from_value(state).expect("a state"));
        server.go(&way(now.as_ref(), before.as_ref()), cut);
    }
}

/// A run, and all that can become of it.
struct Run<'a> {
    begin: &'a Server,
    wish: &'a Wish,
    previous: Option<&'static str>,
    /// After how many requests it is cut off, and then its undo.
    cut: usize,
    back: usize,
}

impl Run<'_> {
    fn way(&self, server: &Server) -> (Change, Vec<Leg<State>>) {
        let now = server.observe(self.previous);
        let wanted = self.wish.decide(now.as_ref());
        let change = Change { before: json(now.as_ref()), after: json(Some(&wanted)) };
        let nothing = change.before == change.after;
        (change, if nothing { Vec::new() } else { way(now.as_ref(), Some(&wanted)) })
    }

    fn apply(&self, server: &mut Server, cut: usize) {
        let (_, way) = self.way(server);
        server.go(&way, cut);
    }

    /// Checks the run, and returns what the server holds where it was cut off.
    fn check(&self) -> Server {
        let (change, way) = self.way(self.begin);
        assert!(way.len() <= 3);
        let mut whole = self.begin.clone();
        self.apply(&mut whole, usize::MAX);
        assert_eq!(json(whole.observe(self.previous).as_ref()), change.after, "what is there is not what was planned");
        assert_eq!(whole.jwt, self.wish.jwt, "the config holds another JWT");

        let mut part = self.begin.clone();
        self.apply(&mut part, self.cut);
        let mut again = part.clone();
        self.apply(&mut again, usize::MAX);
        let (left, _) = self.way(&again);
        assert_eq!(left.before, left.after, "it does not settle");
        assert_eq!(again.jwt, self.wish.jwt, "cut off and run again, the config holds another JWT");
        self.check_back(&change, &way, &part);
        part
    }

    fn check_back(&self, change: &Change, way: &[Leg<State>], part: &Server) {
        let before = self.begin.observe(self.previous);
        let wanted = self.wish.decide(before.as_ref());
        if self.wish.undo(self.previous, before.as_ref(), &wanted) != Reversibility::Full {
            return;
        }
        // A mount that is made anew is gone for a moment, which looks like another client's doing; and what a run left
        // that was cut off need not come back to the letter.
        let remade = before.as_ref().is_some_and(|before| before.config.is_none());
        let left = self.begin.mount.as_ref().is_some_and(|mount| mount["description"].to_string().contains(" was="));
        let back = if remade || left { usize::MAX } else { self.back };
        // What was announced, and made or not.
        for made in [self.cut, self.cut + 1].map(|made| made.min(way.len())).into_iter().filter(|made| *made > 0) {
            let made = Change { before: change.before.clone(), after: json(way[made - 1].to.as_ref()) };
            let mut undone = part.clone();
            take_back(&mut undone, &made, self.previous, back);
            if before.as_ref().is_some_and(|before| before.unconfirmed().is_some()) {
                undone.jwt = self.begin.jwt;
            }
            if left {
                assert_eq!(json(undone.observe(self.previous).as_ref()), change.before, "it does not come back");
                assert_eq!((&undone.config, undone.jwt), (&self.begin.config, self.begin.jwt), "it does not come back");
            } else {
                assert_eq!(undone, *self.begin, "it does not come back");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_cut_off_settles_or_comes_back(
        begin in servers(), wish in wishes(), other in wishes(), given in any::<bool>(),
        cuts in [0usize..4, 0usize..4], backs in [0usize..4, 0usize..4],
    ) {
        let previous = begin.jwt.filter(|_| given);
        let cut_off = Run { begin: &begin, wish: &wish, previous, cut: cuts[0], back: backs[0] }.check();
        Run { begin: &cut_off, wish: &other, previous, cut: cuts[1], back: backs[1] }.check();
    }
}

#[test]
fn the_mount_comes_first_and_takes_the_config_with_it() {
    let wish = Wish { with: json!({}), jwt: Some("one") };
    let wanted = wish.decide(None);
    let sent = |way: Vec<Leg<State>>| -> Vec<_> {
        way.iter().map(|leg| leg.request.shown()).map(|shown| format!("{} {}", shown.method, shown.path)).collect()
    };
    assert_eq!(sent(way(None, Some(&wanted))), ["POST sys/auth/kubernetes", "POST auth/kubernetes/config"]);
    assert_eq!(sent(way(Some(&wanted), None)), ["DELETE sys/auth/kubernetes"]);
}

#[test]
fn a_rotated_jwt_is_announced_written_and_settled() {
    let mut server = Server { mount: None, config: None, jwt: None };
    let first = Wish { with: json!({}), jwt: Some("one") }.decide(None);
    server.go(&way(None, Some(&first)), usize::MAX);
    let rotated = Wish { with: json!({}), jwt: Some("two") };
    let now = server.observe(None);
    let wanted = rotated.decide(now.as_ref());
    let way = way(now.as_ref(), Some(&wanted));
    assert_eq!(way.len(), 3);
    server.go(&way, 1);
    let announced = server.mount.as_ref().expect("a mount")["description"].to_string();
    assert!(
        announced.contains(Digest::of("one").as_str()) && announced.contains(Digest::of("two").as_str()),
        "{announced}"
    );
    assert!(matches!(rotated.undo(None, now.as_ref(), &wanted), Reversibility::NeedsInput(_)));
}
