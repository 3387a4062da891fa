//! What `--help` says besides the options.

pub(super) const EXAMPLES: &str = "\
Examples:
  trustpath init                 write plugins.toml, the standard graph of five steps
  trustpath plan                 show what would change; nothing is written
  trustpath apply                show it, ask, build it, prove it
  trustpath verify               prove the chain link by link
  trustpath rollback             take the latest run back

Connections come from where they are already: VAULT_ADDR, VAULT_TOKEN (or ~/.vault-token) and the
kubeconfig. More with --help.";

pub(super) const LONG: &str = "\
Examples:
  trustpath init                          write plugins.toml, the standard graph of five steps
  trustpath plan                          show what would change; nothing is written
  trustpath apply                         show it, ask, build it, prove it
  trustpath apply role --yes              one step alone, without asking
  trustpath verify                        prove the chain link by link
  trustpath rollback                      take the latest run back
  trustpath -f plugins.toml -f prod.toml plan --detailed-exitcode
                                          two files, the later wins; exit 2 for changes

Environment:
  VAULT_ADDR, VAULT_TOKEN (or ~/.vault-token), VAULT_NAMESPACE, VAULT_CACERT, VAULT_CLIENT_CERT,
  VAULT_CLIENT_KEY, VAULT_TLS_SERVER_NAME, VAULT_SKIP_VERIFY, and their BAO_* twins
                         the Vault to talk to
  KUBECONFIG             the cluster; in a pod, its own ServiceAccount
  TRUSTPATH_FILE         the graph files, separated by `:`, where no -f is given
  TRUSTPATH_STATE_DIR    where journals lie, where no --state-dir is given
  TRUSTPATH_JOURNAL      `cluster` keeps them in a Secret as well, where no --journal is given
  NO_COLOR               no colours

Exit codes:
  0   done                             7   the program declined: no consent, another target
  1   a defect of this program         8   a server said no
  2   plan --detailed-exitcode:        9   something that must be there first is missing
      there is something to do        10   a time limit passed
  3   the graph file or environment   11   the chain does not hold
  4   a server cannot be reached      12   something could not be taken back
  5   credentials or rights           13   verify --strict: something could not be checked
  6   another client's object or edit 130   interrupted
                                      64   the command line";

pub(super) const INIT: &str = "\
The file is complete and commented; an existing one is never overwritten. Next: trustpath plan.

With --from-store it says what is there already: the store, and the mount, role, policies and
ServiceAccount that it stands on, read from the cluster and from Vault. `plan` on it has nothing to
do, and `apply --adopt STEP` marks what the graph is to own. What could not be read is in comments.

Examples:
  trustpath init
  trustpath init - | less
  trustpath init --from-store vault-backend prod.toml";

pub(super) const PLAN: &str = "\
  + create   ~ update   - delete   ! take over   = nothing to do   ? left, in no step any more

For each step it says whether the change can be taken back. The end lists what `apply` would ask
for.

Examples:
  trustpath plan
  trustpath plan --system kubernetes    with no credentials of Vault
  trustpath plan role --set steps.role.with.ttl=2h
  trustpath plan --detailed-exitcode --output json";

pub(super) const APPLY: &str = "\
Shows the plan and asks. Each write is journaled before it is sent. On a failure, on Ctrl-C, or
when the chain does not hold in the end, everything that the run changed is taken back.

With STEP, those steps alone are applied: what they need must be in place already.

Examples:
  trustpath apply
  trustpath apply --yes --adopt policy
  trustpath apply role                  that step alone: what it needs must be in place
  trustpath apply --from policy         that step and everything that needs it
  trustpath apply --system vault        by Vault's credentials alone: no kubeconfig is needed
  trustpath apply --reason \"CHG-4711\"   says so in the journal, in `runs`, and in the lock
  trustpath apply --prune               removes what is in no step any more as well
  trustpath apply --journal cluster     where this disk does not outlast the run";

pub(super) const VERIFY: &str = "\
Logs in as the operator does, looks at what the token may do, and revokes it. What cannot be
checked from here is shown as `?` and never counts as a pass. Exit 11 when a link does not hold, 13
with --strict when one could not be checked.

Examples:
  trustpath verify
  trustpath verify role secret-store
  trustpath verify --strict --watch 5m  until the operator has found the store ready, too";

pub(super) const ROLLBACK: &str = "\
Needs no graph file: what is taken back stands in the journal. It refuses any servers but those that
the run was made against. What another client has changed since is left and named. A rollback that
was cut off, or could not take everything back, is run again.

With --journal cluster, a journal that does not lie here comes from the cluster; the graph file says
which cluster.

Examples:
  trustpath runs
  trustpath rollback
  trustpath rollback 20260131-120000 --yes";

pub(super) const RESUME: &str = "\
For a run whose process was killed, or whose machine went down. It waits until nothing that was
under way can be carried out any more, looks at what is there, shows what is left to do, and asks.
Needs no graph file. A run whose undo had begun is taken back.

Examples:
  trustpath runs
  trustpath resume
  trustpath resume 20260131-120000 --yes";

pub(super) const RUNS: &str = "\
With --journal cluster, the journals that the cluster keeps are brought here first; the graph file
says which cluster.

Examples:
  trustpath runs
  trustpath runs --journal cluster";

pub(super) const DESTROY: &str = "\
Shows the plan and asks. Removes what bears the mark of this graph. What others still use is left,
and listed with the reason.

Examples:
  trustpath plan --destroy
  trustpath destroy
  trustpath destroy secret-store --yes";

pub(super) const PERMISSIONS: &str = "\
Covers plan, apply, verify, rollback and destroy. It plans first, since an undo writes what is there
now: run it before the apply that it is for, with credentials that may look. What could not be
looked at is said in a comment.

Examples:
  trustpath permissions
  trustpath permissions --only vault | vault policy write trustpath -
  trustpath permissions --only kubernetes | kubectl apply -f -";

pub(super) const SCHEMA: &str = "\
Examples:
  trustpath schema > trustpath.schema.json
  then, as the first line of plugins.toml:  #:schema ./trustpath.schema.json";

pub(super) const COMPLETIONS: &str = "\
Examples:
  trustpath completions bash > ~/.local/share/bash-completion/completions/trustpath
  trustpath completions zsh > \"${fpath[1]}/_trustpath\"
  trustpath completions fish > ~/.config/fish/completions/trustpath.fish";
