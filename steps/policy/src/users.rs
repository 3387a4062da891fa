//! Who uses a policy, of all that hold policies, and its removal where no one does.

use async_trait::async_trait;
use serde::Deserialize;
use trustpath_core::{
    Answer, Class, Context, Problem, Read as _, Request, Result, Right, Shown, Values, note_retained,
};
use trustpath_platform::{
    text::{clean, few, listed},
    vault::VaultRequest,
};

use crate::holders::Holders;

/// One of those that hold policies, as it is in the answer: which is one for all policies of a plan.
#[derive(Deserialize)]
struct AnsweredUser<'a> {
    path: &'a str,
    #[serde(borrow)]
    policies: Vec<&'a str>,
}

/// Who uses a policy besides the roles that go with it, each as a path in Vault; or why that cannot be told.
pub(crate) type PolicyUsers = Result<Vec<String>, String>;

/// From what reading the holders came to.
///
/// # Errors
/// When those are none.
pub(crate) fn users(policy: &str, holders: &Answer) -> Result<PolicyUsers> {
    let holders: Vec<AnsweredUser<'_>> = match holders {
        Answer::Refused(why) => return Ok(Err(why.clone())),
        Answer::Nothing | Answer::Failed(_) => Vec::new(),
        Answer::Found(holders) => Vec::deserialize(holders).map_err(no_holders)?,
    };
    let users = holders.into_iter().filter(|holder| holder.policies.contains(&policy));
    Ok(Ok(users.map(|user| user.path.to_owned()).collect()))
}

/// Why the policy stays; `None` when it may go.
pub(crate) fn keep_because(users: &PolicyUsers) -> Option<String> {
    match users {
        Ok(users) if users.is_empty() => None,
        Ok(users) => {
            let named = users.iter().map(|user| format!("`{}`", clean(user))).collect();
            Some(format!("{} {} it", listed(&few(named)), if users.len() == 1 { "uses" } else { "use" }))
        }
        Err(why) => Some(format!("who else uses it cannot be told: {why}")),
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
pub(crate) struct PolicyRemoval {
    pub(crate) policy: String,
    pub(crate) holders: Holders,
    pub(crate) delete: VaultRequest,
}

#[async_trait]
impl Request for PolicyRemoval {
    fn rights(&self, values: Values) -> Vec<Right> {
        [self.delete.rights(values), self.holders.rights()].concat()
    }

    fn shown(&self) -> Shown {
        self.delete.shown()
    }

    async fn send(&self, cx: &Context) -> Result<()> {
        let users = users(&self.policy, &self.holders.perform(cx).await?)?;
        // Where that cannot be told, what a run has made is still its own to take back.
        let Some(why) = keep_because(&users).filter(|_| users.is_ok()) else { return self.delete.send(cx).await };
        note_retained(format!("the policy `{}` stays: {why}", self.policy));
        Ok(())
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
        let found = Answer::Found(holders);
        assert_eq!(users("apps-read", &found).unwrap(), Ok(vec!["auth/x/role/b".into()]));
        assert_eq!(users("apps", &found).unwrap(), Ok(Vec::new()));
        assert_eq!(users("x", &Answer::Refused("no".into())).unwrap(), Err("no".into()));
        assert!(users("x", &Answer::Found(json!([3]))).is_err());
    }

    #[test]
    fn a_policy_that_stays_says_why() {
        assert_eq!(keep_because(&Ok(Vec::new())), None);
        let these =
            |count: usize| keep_because(&Ok((0..count).map(|number| format!("auth/x/role/{number}")).collect()));
        assert_eq!(these(1).unwrap(), "`auth/x/role/0` uses it");
        assert!(these(9).unwrap().ends_with("`auth/x/role/4` and 4 more use it"));
        let untold = keep_because(&Err("GET sys/auth is denied".into()));
        assert_eq!(untold.unwrap(), "who else uses it cannot be told: GET sys/auth is denied");
    }
}
