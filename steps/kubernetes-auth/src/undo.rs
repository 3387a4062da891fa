//! Whether a change can be taken back. Pure.

use trustpath_core::Undo;
use trustpath_platform::{digest::Digest, text::listed};

use crate::{
    config::{KubernetesAuth, Reviewer as Choice},
    state::{Reviewer, State},
};

impl KubernetesAuth {
    pub(crate) fn undo(&self, from: Option<&State>, to: Option<&State>) -> Undo {
        let Some(from) = from else { return Undo::Yes };
        match to {
            // Whether a JWT that is removed can come back is known when its source is read again: one that is given is trusted.
            None => self.undo_of_reviewer(from.reviewer(), |_| {
                self.previous_reviewer.is_some()
                    || !matches!(self.reviewer, Choice::Vault | Choice::Client | Choice::Keep)
            }),
            Some(to) if from.config == to.config => Undo::Yes,
            Some(_) if from.config.is_none() && !from.roles.is_empty() => Undo::No(format!(
                "Vault removes a config only with its mount, and that has the roles {}",
                listed(&from.roles)
            )),
            Some(to) => self.undo_of_reviewer(from.reviewer(), |digest| to.at_hand.contains(digest)),
        }
    }

    fn undo_of_reviewer(&self, reviewer: &Reviewer, at_hand: impl Fn(&Digest) -> bool) -> Undo {
        match reviewer {
            Reviewer::None | Reviewer::NotYet => Undo::Yes,
            Reviewer::Jwt(digest) if at_hand(digest) => Undo::Yes,
            Reviewer::Jwt(digest) if self.previous_reviewer.is_some() => Undo::IfGiven(format!(
                "another `previous_reviewer` in its `with`: the reviewer JWT that is there is {digest}, and the one given \
                 is not"
            )),
            Reviewer::Jwt(_) | Reviewer::Unknown => Undo::IfGiven(
                "`previous_reviewer` in its `with`: the file or Secret that holds the reviewer JWT which is there now, as \
                 Vault does not give it back"
                    .to_owned(),
            ),
        }
    }
}
