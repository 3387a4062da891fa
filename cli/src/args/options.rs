//! The options that several verbs share.

use std::{path::PathBuf, time::Duration};

use anstream::ColorChoice;
use clap::{Args, Subcommand, ValueEnum};
use jiff::SignedDuration;
use trustpath_core::{graph::Selection, run::LONGEST};

/// The options of every verb.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// A graph file; several are merged, the later wins [default: $TRUSTPATH_FILE, else plugins.toml]
    #[arg(short, long = "file", value_name = "FILE", global = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Set one value of the graph file, such as steps.role.with.ttl=2h
    #[arg(long = "set", value_name = "KEY=VALUE", global = true)]
    pub(crate) settings: Vec<String>,
    /// How results are written
    #[arg(long, value_enum, default_value_t, global = true)]
    pub(crate) output: Format,
    #[command(flatten)]
    pub(crate) connect: Connect,
    /// When to use colours; NO_COLOR is honoured
    #[arg(long, value_enum, default_value_t, value_name = "WHEN", global = true)]
    pub(crate) color: Color,
    /// Log steps and requests on stderr; never a secret
    #[arg(short = 'v', long = "trace", global = true)]
    pub(crate) trace: bool,
}

/// Where runs are made, and where they are recorded.
#[derive(Debug, Default, Args)]
pub(crate) struct Connect {
    /// The context of the kubeconfig
    #[arg(long, global = true)]
    pub(crate) context: Option<String>,
    /// Where the journals of runs lie [default: $TRUSTPATH_STATE_DIR, else ~/.local/state/trustpath/runs]
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) state_dir: Option<PathBuf>,
}

/// Which steps a verb is about.
#[derive(Debug, Default, Clone, Args)]
pub(crate) struct Select {
    /// These steps alone [default: all]
    #[arg(value_name = "STEP")]
    pub(crate) steps: Vec<String>,
    /// This step and everything that needs it
    #[arg(long, value_name = "STEP")]
    pub(crate) from: Option<String>,
    /// All but this step; may be repeated
    #[arg(long, value_name = "STEP")]
    pub(crate) skip: Vec<String>,
    /// The steps of this system alone, by its credentials alone; those of others are taken as the file says
    #[arg(long, value_name = "SYSTEM")]
    pub(crate) system: Option<String>,
}

/// What `verify` looks at, and how strictly.
#[derive(Debug, Default, Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) select: Select,
    /// A check that could not be made from here is a failure: exit 13 where nothing else is one
    #[arg(long)]
    pub(crate) strict: bool,
    /// A line a link, for a message to others
    #[arg(long)]
    pub(crate) short: bool,
    /// Verify again and again until the chain holds, but no longer than this, such as 5m
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) watch: Option<Duration>,
}

impl From<Select> for Selection {
    fn from(select: Select) -> Self {
        Self { only: select.steps, from: select.from, skip: select.skip }
    }
}

/// What the user agrees to beforehand.
#[derive(Debug, Default, Clone, Args)]
pub(crate) struct ConsentArgs {
    /// Let this step take over an object that is there already; may be repeated
    #[arg(long, value_name = "STEP")]
    pub(crate) adopt: Vec<String>,
    /// Take fields of Kubernetes objects from other field managers
    #[arg(long)]
    pub(crate) force_conflicts: bool,
    /// Go on where a change cannot be taken back in full
    #[arg(long)]
    pub(crate) allow_irreversible: bool,
}

/// What to do about other runs.
#[derive(Debug, Default, Clone, Args)]
pub(crate) struct Locking {
    /// Wait for another run to end, but no longer than this, such as 5m; without it, one that is alive is an error
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) lock_timeout: Option<Duration>,
    /// Give up this unfinished run of another host: what it has written stays as it is
    #[arg(long, value_name = "RUN")]
    pub(crate) abandon: Option<String>,
}

/// Where the journals of runs are kept.
#[derive(Debug, Default, Clone, Args)]
pub(crate) struct Journaling {
    /// Where journals are kept: here, or in a Secret of the cluster too [default: $TRUSTPATH_JOURNAL, else local]
    #[arg(long, value_enum, value_name = "WHERE")]
    pub(crate) journal: Option<JournalPlace>,
}

/// A place for journals.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum JournalPlace {
    /// In the state directory
    #[default]
    Local,
    /// In a Secret of the cluster as well, for pods and runners whose disk dies with them
    Cluster,
}

/// How a command that writes is carried out.
#[derive(Debug, Default, Clone, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) journaling: Journaling,
    #[command(flatten)]
    pub(crate) locking: Locking,
    /// How long taking back may go on after a SIGTERM, such as 25s; then it stops where it is [default: to its end]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) grace: Option<Duration>,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Do not ask the servers for rights beforehand: a write is tried, and refused where one is missing
    #[arg(long)]
    pub(crate) no_preflight: bool,
}

fn time(text: &str) -> Result<Duration, String> {
    let time = text.parse::<SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
    let fits = time.filter(|time| *time <= LONGEST);
    fits.ok_or_else(|| "a length of time is written as `90s` or `5m`, up to `24h`".to_owned())
}

#[derive(Debug, Subcommand)]
pub(crate) enum StepArgs {
    /// List the kinds
    List,
    /// Show every key of a kind
    Describe {
        /// The kind, as in `uses`
        kind: String,
    },
}

/// A system that rights are given in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SystemArg {
    /// The policy
    Vault,
    /// The ClusterRole, and Roles
    Kubernetes,
}

impl SystemArg {
    /// As handles are named.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Vault => <trustpath_platform::Vault as trustpath_core::Handle>::NAME,
            Self::Kubernetes => <trustpath_platform::Cluster as trustpath_core::Handle>::NAME,
        }
    }
}

/// How results are written.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs: one document on stdout
    Json,
}

/// When to use colours.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal
    #[default]
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

impl From<Color> for ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

/// How a graph is drawn.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// A list, needed steps first
    #[default]
    Text,
    /// For Markdown
    Mermaid,
    /// For Graphviz
    Dot,
}
