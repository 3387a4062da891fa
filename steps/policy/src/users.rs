//! Who uses a policy, of all that hold policies, and its removal where no one does.

use async_trait::async_trait;
use serde::Deserialize;
use trustpath_core::{Answer, Class, Context, Problem, Read as _, Request, Result, Right, Shown, Values, note_left};
use trustpath_platform::{
    text::{clean, few, listed},
    vault::VaultRequest,
};

use crate::holders::Holders;

/// One of those that hold policies, as it is in the answer: which is one for all policies of a plan.
#[derive(Deserialize)]
struct PolicyUser<'a> {
    path: &'a str,
    #[serde(borrow)]
    policies: Vec<&'a str>,
}

/// Who uses a policy besides the roles that go with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Users {
    /// No one.
    None,
    /// These, each as a path in Vault.
    These(Vec<String>),
    /// It cannot be told, for this reason.
    Untold(String),
}

impl Users {
    /// From what reading the holders came to.
    ///
    /// # Errors
    /// When those are none.
    pub(crate) fn of(policy: &str, holders: &Answer) -> Result<Self> {
        let holders: Vec<PolicyUser<'_>> = match holders {
            Answer::Refused(why) => return Ok(Self::Untold(why.clone())),
            Answer::Nothing | Answer::Failed(_) => Vec::new(),
            Answer::Found(holders) => Vec::deserialize(holders).map_err(no_holders)?,
        };
        let users = holders.into_iter().filter(|holder| holder.policies.contains(&policy));
        let users: Vec<_> = users.map(|user| user.path.to_owned()).collect();
        Ok(if users.is_empty() { Self::None } else { Self::These(users) })
    }

    /// Why the policy stays; `None` when it may go.
    pub(crate) fn keep_because(&self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Untold(why) => Some(format!("who else uses it cannot be told: {why}")),
            Self::These(users) => {
                let named = users.iter().map(|user| format!("`{}`", clean(user))).collect();
                Some(format!("{} {} it", listed(&few(named)), if users.len() == 1 { "uses" } else { "use" }))
            }
        }
    }
}

/// What a read came to is passed on as JSON: another shape is a defect.
fn no_holders(error: serde_json::Error) -> Problem {
    Problem::new(Class::Internal, "trustpath::policy::holders", "what was read is no list of those who hold policies")
        .because(error)
        .help("this is a defect of the step")
}

/// Others may have come to use it since it was planned, or made: clusters with the same graph file share it. What they use
/// is theirs to keep, and in no one's way.
#[derive(Debug)]
pub(crate) struct Removal {
    pub(crate) policy: String,
    pub(crate) holders: Holders,
    pub(crate) delete: VaultRequest,
}

#[async_trait]
impl Request for Removal {
    fn rights(&self, values: Values) -> Vec<Right> {
        [self.delete.rights(values), self.holders.rights()].concat()
    }

    fn shown(&self) -> Shown {
        self.delete.shown()
    }

    async fn send(&self, cx: &Context) -> Result<()> {
        match Users::of(&self.policy, &self.holders.perform(cx).await?)? {
            used @ Users::These(_) => {
                note_left(format!("the policy `{}` stays: {}", self.policy, used.keep_because().unwrap_or_default()));
                Ok(())
            }
            // Where that cannot be told, what a run has made is still its own to take back.
            Users::None | Users::Untold(_) => self.delete.send(cx).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn those_that_hold_it_use_it() {
        let holders = json!([{"path": "auth/x/role/a", "policies": ["apps-read-too"]},
            {"path": "auth/x/role/b", "policies": ["apps-read", "x"]}]);
        let users = |policy| Users::of(policy, &Answer::Found(holders.clone())).unwrap();
        assert_eq!(users("apps-read"), Users::These(vec!["auth/x/role/b".into()]));
        assert_eq!(users("apps"), Users::None);
        assert_eq!(Users::of("x", &Answer::Refused("no".into())).unwrap(), Users::Untold("no".into()));
        assert!(Users::of("x", &Answer::Found(json!([3]))).is_err());
    }

    #[test]
    fn a_policy_that_stays_says_why() {
        assert_eq!(Users::None.keep_because(), None);
        let these = |count: usize| Users::These((0..count).map(|number| format!("auth/x/role/{number}")).collect());
        assert_eq!(these(1).keep_because().unwrap(), "`auth/x/role/0` uses it");
        assert!(these(9).keep_because().unwrap().ends_with("`auth/x/role/4` and 4 more use it"));
        let untold = Users::Untold("GET sys/auth is denied".into());
        assert_eq!(untold.keep_because().unwrap(), "who else uses it cannot be told: GET sys/auth is denied");
    }
}
