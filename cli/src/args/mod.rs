//! The words that the program is given. Nothing here looks anything up: `--help` builds nothing.

mod help;
mod options;

pub(crate) use options::{
    Color, ConsentArgs, Format, Global, GraphFormat, JournalPlace, Journaling, Locking, RunArgs, Select, StepArgs,
    SystemArg, VerifyArgs,
};

use clap::{Parser, Subcommand};

/// Build, prove, explain and take back the chain of trust by which the External Secrets Operator reads from Vault.
#[derive(Debug, Parser)]
#[command(name = "trustpath", version, after_help = help::EXAMPLES, after_long_help = help::LONG)]
#[command(subcommand_value_name = "VERB", subcommand_help_heading = "Verbs", max_term_width = 100)]
#[command(propagate_version = false, infer_long_args = false, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Subcommands,
    #[command(flatten)]
    pub(crate) global: Global,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Subcommands {
    /// Write the standard graph file
    #[command(after_help = help::INIT)]
    Init {
        /// Where to; `-` is stdout
        #[arg(default_value = "plugins.toml")]
        file: std::path::PathBuf,
        /// Instead of the standard one: that of the chain which this ClusterSecretStore stands on, as it is there
        #[arg(long, value_name = "NAME")]
        from_store: Option<String>,
    },
    /// Show what would change, field by field; writes nothing
    #[command(after_help = help::PLAN)]
    Plan(PlanArgs),
    /// Make it so, prove it, and take everything back when that fails
    #[command(after_help = help::APPLY)]
    Apply(ApplyArgs),
    /// Prove every link of the chain, with a real login
    #[command(after_help = help::VERIFY)]
    Verify(VerifyArgs),
    /// Take back what a run has changed, from its journal alone
    #[command(after_help = help::ROLLBACK)]
    Rollback(RollbackArgs),
    /// Carry a run that was cut off to its end
    #[command(after_help = help::RESUME)]
    Resume(ResumeArgs),
    /// Remove what this graph owns and no one else uses
    #[command(after_help = help::DESTROY)]
    Destroy(DestroyArgs),
    /// Print the smallest Vault policy and Kubernetes roles for this graph
    #[command(after_help = help::PERMISSIONS)]
    Permissions(PermissionsArgs),
    /// List the runs that were made from here
    #[command(after_help = help::RUNS)]
    Runs(Journaling),
    /// Draw the graph of the file
    Graph {
        /// How to draw it
        #[arg(long, value_enum, default_value_t)]
        format: GraphFormat,
    },
    /// The kinds of steps that this program knows
    #[command(subcommand, subcommand_value_name = "WHAT", subcommand_help_heading = "What")]
    Steps(StepArgs),
    /// Print the JSON Schema of the graph file, for editors
    #[command(after_help = help::SCHEMA)]
    Schema,
    /// Print a completion script for a shell
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

impl Subcommands {
    /// Where it keeps or looks for journals, of the verbs that have a say in it.
    pub(crate) fn journaling(&self) -> Option<&Journaling> {
        match self {
            Self::Apply(args) => Some(&args.going.journaling),
            Self::Destroy(args) => Some(&args.going.journaling),
            Self::Rollback(args) => Some(&args.going.journaling),
            Self::Resume(args) => Some(&args.going.journaling),
            Self::Runs(journaling) => Some(journaling),
            Self::Permissions(args) => Some(&args.journaling),
            _ => None,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) select: Select,
    #[command(flatten)]
    pub(crate) consent: ConsentArgs,
    /// Show what `destroy` would do
    #[arg(long)]
    pub(crate) destroy: bool,
    /// Exit with 2 when there is something to do
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// Show each request that would be sent, secrets as placeholders
    #[arg(long)]
    pub(crate) requests: bool,
    /// Show from which file each value of the graph comes
    #[arg(long)]
    pub(crate) sources: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    pub(crate) select: Select,
    #[command(flatten)]
    pub(crate) consent: ConsentArgs,
    /// Remove afterwards what this graph has left: what bears its mark, and is in no step any more
    #[arg(long, conflicts_with_all = ["steps", "from", "skip"])]
    pub(crate) prune: bool,
    /// Why it is done: kept in the journal, and shown to those whom the lock keeps out
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// When the chain does not hold in the end, leave it for a look; without this, everything is taken back
    #[arg(long)]
    pub(crate) keep: bool,
    #[command(flatten)]
    pub(crate) going: RunArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DestroyArgs {
    #[command(flatten)]
    pub(crate) select: Select,
    /// Go on where a change cannot be taken back in full
    #[arg(long)]
    pub(crate) allow_irreversible: bool,
    /// Why it is done: kept in the journal, and shown to those whom the lock keeps out
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    #[command(flatten)]
    pub(crate) going: RunArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RollbackArgs {
    /// The run, as `trustpath runs` lists it; without it, the latest that is not rolled back
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// Leave what stands of this step as it is, such as what another client has changed since; may be repeated
    #[arg(long, value_name = "STEP")]
    pub(crate) leave: Vec<String>,
    #[command(flatten)]
    pub(crate) going: RunArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ResumeArgs {
    /// The run, as `trustpath runs` lists it; without it, the latest that is unfinished
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<String>,
    #[command(flatten)]
    pub(crate) going: RunArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct PermissionsArgs {
    #[command(flatten)]
    pub(crate) select: Select,
    /// Print this part alone, to be piped on
    #[arg(long, value_enum, value_name = "SYSTEM")]
    pub(crate) only: Option<SystemArg>,
    #[command(flatten)]
    pub(crate) journaling: Journaling,
}
