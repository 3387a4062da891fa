//! A few small kinds: `mount` and `policy` give facts, `role` takes them, `probe` takes one and may refuse to give.

use std::collections::BTreeMap;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trustpath_core::{
    Answers, At, Context, Decision, Evidence, Fact, Facts, Gives, Goal, Intent, Kind, Leg, Managed, Part, Plan,
    Problem, Proof, Reads, Result, Right, Seen, Stage, Step, Takes, Want, failure::Class, file::Placeholder,
};

pub(crate) const KINDS: &[&Kind] = &[&MOUNT, &POLICY, &ROLE, &PROBE];

pub(crate) const PLACEHOLDERS: &[Placeholder] =
    &[Placeholder { name: "server_name", key: &["connections", "vault", "name"] }];

static MOUNT: Kind = Kind::direct::<Mount>("mount", "Where logins go");
static POLICY: Kind = Kind::direct::<Policy>("policy", "What may be read");
static ROLE: Kind = Kind::managed::<Role>("role", "Who may read it");
static PROBE: Kind = Kind::direct::<Probe>("probe", "Whether a server answers");

macro_rules! fact {
    ($type:ident, $name:literal) => {
        #[derive(Debug, Clone, Serialize)]
        pub(crate) struct $type(pub(crate) String);

        impl Fact for $type {
            const NAME: &'static str = $name;
        }
    };
}

fact!(AuthMount, "auth mount");
fact!(PolicyName, "policy name");
fact!(RoleRef, "role");
fact!(Server, "server");

/// The `[connections]` of these tests.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Connections {
    /// Where Vault is.
    pub(crate) vault: Option<Vault>,
}

/// One server.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vault {
    /// Its address, as the cluster reaches it.
    pub(crate) server: String,
    /// What it is called, and `{server_name}` stands for.
    #[serde(default)]
    #[expect(dead_code, reason = "it is there for its placeholder")]
    name: Option<String>,
    /// The namespace in it.
    #[serde(default)]
    #[expect(dead_code, reason = "it is there to be left out")]
    namespace: Option<String>,
}

/// The fact that every step sees.
pub(crate) fn with_server(connections: &Connections, facts: &mut Facts) {
    if let Some(vault) = &connections.vault {
        facts.add("[connections.vault]", Server(vault.server.clone()));
    }
}

/// A step that does nothing but hand on facts.
macro_rules! inert {
    ($type:ident, $wants:expr, $give:expr) => {
        #[async_trait]
        impl Step for $type {
            fn wants(&self) -> Vec<Want> {
                $wants
            }

            fn give(&self, name: &str, taken: &Facts, out: &mut Facts) -> Result<()> {
                let give: fn(&Self, &str, &Facts, &mut Facts) -> Result<()> = $give;
                give(self, name, taken, out)
            }

            async fn plan(&self, _: &Context, _: &Goal) -> Result<Plan> {
                Ok(Plan::nothing(None))
            }

            async fn apply(&self, _: &Context, _: &Part) -> Result<()> {
                Ok(())
            }

            async fn verify(&self, _: &Context) -> Result<Evidence> {
                Ok(Evidence::new())
            }

            fn rights(&self, _: &Context, _: Stage<'_>) -> Result<Vec<Right>> {
                Ok(Vec::new())
            }
        }
    };
}

/// Where logins go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Mount {
    /// The path of the mount.
    #[serde(default)]
    path: String,
    /// Who reviews tokens.
    #[serde(default)]
    #[expect(dead_code, reason = "only its types matter here")]
    reviewer: Reviewer,
    /// How long logins last.
    #[serde(default)]
    #[expect(dead_code, reason = "only its types matter here")]
    tune: Option<Tune>,
}

/// Who reviews tokens.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(dead_code, reason = "only its types matter here")]
enum Reviewer {
    /// Whoever the server is.
    #[default]
    Auto,
    /// The login's own token.
    Client,
    /// A token in a file.
    File {
        /// The path of the file.
        path: String,
        /// Whether it is watched.
        #[serde(default)]
        watch: bool,
    },
    /// A token in a Secret.
    Secret(String),
}

/// How long logins last.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its types matter here")]
struct Tune {
    /// The time in seconds when no one says.
    default_ttl: u32,
    /// The most that anybody may say, in seconds.
    max_ttl: u32,
    /// Who is listed at the login.
    #[serde(default)]
    listed: Vec<Entry>,
}

/// One listed name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its types matter here")]
struct Entry {
    /// The name.
    name: String,
}

inert!(Mount, Vec::new(), |mount, name, _, out| {
    AuthMount(mount.path.clone()).give(name, out);
    Ok(())
});

/// What may be read. This one forgets to deny keys that it does not know.
#[derive(Debug, Deserialize, JsonSchema)]
struct Policy {
    /// The name of the policy.
    name: String,
    /// The capabilities by path.
    #[serde(default)]
    #[schemars(extend("x-one-value" = true))]
    #[expect(dead_code, reason = "only its types matter here")]
    rules: BTreeMap<String, Vec<String>>,
}

inert!(Policy, Vec::new(), |policy, name, _, out| {
    PolicyName(policy.name.clone()).give(name, out);
    Ok(())
});

/// Whether a server answers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Probe {
    /// Fails where the facts are handed on.
    #[serde(default)]
    torn: bool,
}

inert!(Probe, <Option<Server>>::wants(), |probe, _, _, _| match probe.torn {
    true => Err(Problem::new(Class::Config, "trustpath::probe::torn", "the probe is torn")
        .help("fix it: `torn = false`")
        .into()),
    false => Ok(()),
});

/// Who may read it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Role {
    /// The name of the role.
    pub(crate) name: String,
    /// How long a login lasts, such as `1h`.
    #[serde(default, alias = "ttl")]
    #[schemars(extend("x-aliases" = ["ttl"]))]
    pub(crate) token_ttl: Option<String>,
}

impl Managed for Role {
    const SYSTEMS: &'static [&'static str] = &[];
    type State = Self;
    type Takes = (AuthMount, Vec<PolicyName>);
    type Gives = RoleRef;

    fn gives(&self, (mount, policies): &Self::Takes) -> RoleRef {
        let policies: Vec<_> = policies.iter().map(|policy| policy.0.as_str()).collect();
        RoleRef(format!("{}/{} [{}]", mount.0, self.name, policies.join(", ")))
    }

    fn reads(&self, _: At<'_, Self::Takes>, _: Intent, _: Option<&Seen<Self>>) -> Reads {
        Reads::none()
    }

    fn state(&self, _: At<'_, Self::Takes>, _: &Answers) -> Result<Option<Self>> {
        Ok(None)
    }

    fn decide(&self, _: At<'_, Self::Takes>, _: Intent, _: &Seen<Self>) -> Result<Decision<Self>> {
        Ok(Decision::to(Some(self.clone()), true))
    }

    fn route(&self, _: At<'_, Self::Takes>, _: Option<&Self>, _: Option<&Self>) -> Result<Vec<Leg<Self>>> {
        Ok(Vec::new())
    }

    fn proof(&self, _: At<'_, Self::Takes>, _: &Seen<Self>) -> Result<Proof> {
        Ok(Proof::default())
    }
}
