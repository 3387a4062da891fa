//! The reviewer JWTs that the mark of a mount names.

use serde_json::json;
use trustpath_platform::{
    digest::Digest,
    mark::{self, Mark},
    vault::backend::MountState,
};

use crate::state::{Reviewer, State};

const REVIEWER: &str = "reviewer";
/// The reviewer that may still be in the config, as long as that is in doubt.
const WAS: &str = "was";

/// Why the mark cannot name the JWT that a step before this one has still to make.
pub(crate) const NOT_YET: &str = "it names the reviewer JWT, which is not there yet";

impl State {
    /// The reviewer that is being replaced by the one that the mark names.
    ///
    /// A JWT cannot be read back, and a mark and a JWT cannot be written in one request. So the mark first names both,
    /// and the new one alone once it is written: whoever finds a mark with two names knows that the config may hold
    /// either.
    pub(crate) fn unconfirmed(&self) -> Option<&Reviewer> {
        let marked = self.marked()?;
        let held = self.reviewer();
        (held.is_some() && held.digest() != Some(&marked)).then_some(held)
    }

    /// The description as Vault has it, with the mark.
    pub(crate) fn description(&self) -> String {
        text(&self.mount, self.unconfirmed())
    }

    /// The reviewer JWT that the mark names.
    pub(crate) fn marked(&self) -> Option<Digest> {
        self.mount.mark.as_ref().and_then(reviewer)
    }

    /// The mark, naming this reviewer JWT.
    pub(crate) fn mark_naming(&self, reviewer: Option<&Digest>) -> Option<Mark> {
        self.mount.mark.clone().map(|mark| naming(mark, reviewer))
    }
}

/// The reviewer JWT that was written last, or is being written.
pub(crate) fn reviewer(mark: &Mark) -> Option<Digest> {
    Digest::try_from(mark.notes.get(REVIEWER)?.clone()).ok()
}

/// The mark, naming this reviewer JWT and no other.
pub(crate) fn naming(mut mark: Mark, reviewer: Option<&Digest>) -> Mark {
    mark.notes.remove(REVIEWER);
    mark.notes.extend(reviewer.map(|digest| (REVIEWER.to_owned(), digest.as_str().to_owned())));
    mark
}

/// The description as Vault has it, with the mark.
pub(crate) fn text(mount: &MountState, in_doubt: Option<&Reviewer>) -> String {
    let mut mark = mount.mark.clone();
    if let (Some(mark), Some(was)) = (&mut mark, json!(in_doubt).as_str()) {
        mark.notes.insert(WAS.to_owned(), was.to_owned());
    }
    mark::join(&mount.description, mark.as_ref())
}

/// Takes the reviewer that may still be in the config out of a mark. [`Reviewer::None`] is that of a config that was begun
/// and is not written to its end.
pub(crate) fn take_was(mark: &mut Mark) -> Option<Reviewer> {
    reviewer(mark)?;
    let was = serde_json::from_value(json!(mark.notes.get(WAS)?)).ok()?;
    mark.notes.remove(WAS);
    Some(was)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked() -> Mark {
        Mark::new("a").of(Some("6f1c"))
    }

    fn mount(description: &str, mark: Mark) -> MountState {
        MountState { description: description.to_owned(), mark: Some(mark), ..MountState::new("kubernetes") }
    }

    #[test]
    fn a_mark_names_one_jwt() {
        let mark = naming(marked(), Some(&Digest::of("jwt")));
        assert_eq!(reviewer(&mark), Some(Digest::of("jwt")));
        assert_eq!(naming(mark, None), marked());
        assert_eq!(reviewer(&marked().with(REVIEWER, "x")), None);
    }

    #[test]
    fn a_doubt_is_read_back() {
        let mark = naming(marked(), Some(&Digest::of("new")));
        for was in [Reviewer::None, Reviewer::Unknown, Reviewer::Jwt(Digest::of("old"))] {
            let (_, read) = mark::split(&text(&mount("", mark.clone()), Some(&was)));
            let mut read = read.expect("a mark");
            assert_eq!(take_was(&mut read), Some(was));
            assert_eq!(read, mark);
        }
    }
}
