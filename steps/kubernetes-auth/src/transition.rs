//! From one state to another, one request at a time. Pure.
//!
//! A JWT cannot be read back: what tells which one the config holds is the mark. Mark and config cannot be written in
//! one request, so a JWT that replaces another is announced first (the mark names both), then written, then the mark
//! names it alone. Wherever that is cut off, what is observed is before or after, leaf by leaf, and what may be wrong
//! is written again.

use trustpath_platform::vault::backend::MountState;

use crate::state::{Config, Reviewer, State};

/// Whether a request writes the config, and not the mount.
pub(crate) fn writes_config(now: &State, to: &State) -> bool {
    to.unconfirmed().is_none() && (now.unconfirmed().is_some() || now.config != to.config)
}

/// The states on the way, the last of them `to`.
pub(crate) fn waypoints(from: Option<&State>, to: Option<&State>) -> Vec<Option<State>> {
    let Some(to) = to else { return from.map(|_| None).into_iter().collect() };
    if from == Some(to) {
        return Vec::new();
    }
    if to.unconfirmed().is_some() && from.is_none_or(|from| from.unconfirmed().is_some() || from.config != to.config) {
        // Only on the way back to what a run left that was cut off: a JWT is written first, and called in doubt then.
        return [waypoints(from, Some(&settled(to))), vec![Some(to.clone())]].concat();
    }
    match (from, &to.config) {
        (None, _) => {
            let bare = State { config: None, ..to.clone() };
            [vec![Some(bare.clone())], waypoints(Some(&bare), Some(to))].concat()
        }
        // Vault removes a config only with its mount.
        (Some(from), None) if from.config.is_some() => [vec![None], waypoints(None, Some(to))].concat(),
        (Some(from), Some(config)) if replaces_jwt(from, to) => replacing(from, to, config),
        (Some(from), _) => one_by_one(from, to),
    }
}

/// Whether a JWT takes the place of another, or of one that may be there.
fn replaces_jwt(from: &State, to: &State) -> bool {
    let writes = from.config != to.config || from.unconfirmed().is_some();
    let other = from.unconfirmed().is_some() || from.reviewer() != to.reviewer();
    writes && other && from.reviewer().is_some() && to.reviewer().digest().is_some()
}

fn replacing(from: &State, to: &State, config: &Config) -> Vec<Option<State>> {
    let announced = announced(from, to, config);
    let mount = MountState {
        description: to.mount.description.clone(),
        mark: to.mount.mark.clone(),
        ..announced.mount.clone()
    };
    let written = State { mount, config: Some(config.clone()) };
    let mut way = vec![Some(announced), Some(written), Some(to.clone())];
    way.retain(|state| state.as_ref() != Some(from));
    way
}

/// The mark names both JWTs, that which is there and that which comes, while the config is as before.
fn announced(from: &State, to: &State, config: &Config) -> State {
    let coming = to.reviewer().digest();
    let announces_it =
        from.unconfirmed().is_some() && (from.marked().as_ref() == coming || from.reviewer() == to.reviewer());
    if announces_it {
        return from.clone();
    }
    if to.marked().as_ref() == coming {
        return State { mount: to.mount.clone(), config: from.config.clone() };
    }
    // On the way back to a mount that has no mark, the mark that is there serves.
    let held = from.config.clone().unwrap_or_else(|| config.clone());
    State { config: Some(Config { reviewer: config.reviewer.clone(), ..held }), mount: from.mount.clone() }
}

/// The same with a mark that names the JWT in the config, and no other.
fn settled(state: &State) -> State {
    let mark = state.mark_naming(state.reviewer().digest());
    State { mount: MountState { mark, ..state.mount.clone() }, ..state.clone() }
}

/// Config and mount, in the order in which a mark never names a JWT that is not there, and never lacks one that is.
fn one_by_one(from: &State, to: &State) -> Vec<Option<State>> {
    let first_jwt = *from.reviewer() == Reviewer::None && to.reviewer().is_some();
    let (mount, config) = if first_jwt { (to, from) } else { (from, to) };
    let first = State { mount: mount.mount.clone(), config: config.config.clone() };
    let mut way = vec![Some(first), Some(to.clone())];
    way.dedup();
    way.retain(|state| state.as_ref() != Some(from));
    way
}
