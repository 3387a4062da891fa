//! Orders × what one cluster does → what `verify` says on each.

use std::sync::Arc;

use trustpath_tests::{
    pair::Pair,
    program::Program,
    proxy::{Fault, Rule},
    view,
};

use super::{OWN_MOUNT, another, with_file};

/// Who was there first.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Order {
    AFirst,
    BFirst,
}

/// What B does while A is there.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Act {
    Apply,
    ApplyRole,
    Destroy,
    Rollback,
    CrashAndRollback,
}

const ACTS: [Act; 5] = [Act::Apply, Act::ApplyRole, Act::Destroy, Act::Rollback, Act::CrashAndRollback];

/// Whether B has a mount of its own, or the very files of A.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mount {
    Own,
    Same,
}

struct World {
    a: Arc<Pair>,
    b: Pair,
    empty: serde_json::Value,
}

/// The whole matrix, pinned: A's `verify` says 0 in every row.
pub(crate) async fn whatever_one_does_the_other_holds(pair: Arc<Pair>) {
    let b = another(&pair).await;
    let empty = view::kubernetes(&b.kubernetes).await;
    let world = World { a: pair, b, empty };
    let mut table =
        format!("{:7} {:6} {:18} {:>4} {:>9} {:>9}\n", "order", "mount", "B does", "exit", "verify A", "verify B");
    for (mount, order) in [(Mount::Own, Order::AFirst), (Mount::Own, Order::BFirst), (Mount::Same, Order::AFirst)] {
        // Who is refused has no run to take back.
        let acts = if mount == Mount::Own { &ACTS[..] } else { &ACTS[..3] };
        for &act in acts {
            let (exit, a, b) = world.row(mount, order, act).await;
            let (order, mount, act) = (format!("{order:?}"), format!("{mount:?}"), format!("{act:?}"));
            table += &format!("{order:7} {mount:6} {act:18} {exit:>4} {a:>9} {b:>9}\n");
        }
    }
    println!("{table}");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../screens");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("two_clusters", table));
}

impl World {
    /// One row, from nothing to nothing: B's exit code, and both of `verify` after it.
    async fn row(&self, mount: Mount, order: Order, act: Act) -> (i32, i32, i32) {
        let of_a = Program::on(&self.a);
        let of_b =
            with_file(&self.b, if mount == Mount::Own { OWN_MOUNT } else { "[run]\nin_flight_timeout = \"1s\"\n" });
        if order == Order::AFirst {
            of_a.ok(&["apply", "--yes"]).await;
        }
        self.begin(&of_b, mount, act).await;
        if order == Order::BFirst {
            of_a.ok(&["apply", "--yes"]).await;
        }
        let exit = self.act(&of_b, mount, act).await;
        let verified = (of_a.run(&["verify"]).await.code, of_b.run(&["verify"]).await.code);
        self.clear(&of_a, &of_b).await;
        (exit, verified.0, verified.1)
    }

    /// What B has done before: a run that ended, or one that was killed at the write of its role.
    async fn begin(&self, of_b: &Program, mount: Mount, act: Act) {
        match (mount, act) {
            (Mount::Same, _) | (_, Act::Apply) => {}
            (_, Act::CrashAndRollback) => {
                let path = "auth/kubernetes-b/role/external-secrets".to_owned();
                self.b.vault_proxy.fault(Rule { method: "POST", path, times: 1, fault: Fault::Hold });
                let mut killed = of_b.until_held(&["apply", "--yes"], &self.b.vault_proxy).await;
                killed.kill().await.expect("it runs");
                self.b.vault_proxy.release();
                self.b.quiet().await;
            }
            _ => drop(of_b.ok(&["apply", "--yes"]).await),
        }
    }

    async fn act(&self, of_b: &Program, mount: Mount, act: Act) -> i32 {
        let arguments: &[&str] = match act {
            Act::Apply => &["apply", "--yes"],
            Act::ApplyRole => &["apply", "role", "--yes"],
            Act::Destroy => &["destroy", "--yes"],
            Act::Rollback | Act::CrashAndRollback => &["rollback", "--yes"],
        };
        if act == Act::ApplyRole && mount == Mount::Own {
            self.b.vault.delete("auth/kubernetes-b/role/external-secrets").await;
        }
        let ran = of_b.run(arguments).await;
        println!("{mount:?} {act:?}: {}\n{}\n{}", ran.code, ran.stdout, ran.stderr);
        ran.code
    }

    /// Both go, whatever has happened, and leave nothing.
    async fn clear(&self, of_a: &Program, of_b: &Program) {
        of_a.ok(&["verify"]).await;
        of_b.ok(&["destroy", "--yes"]).await;
        of_a.ok(&["verify"]).await;
        of_a.ok(&["destroy", "--yes"]).await;
        view::assert_same(&self.empty, &view::kubernetes(&self.b.kubernetes).await, "something was left in B");
        assert!(self.a.vault.get("sys/policies/acl/apps-read").await.is_none(), "the policy was left");
    }
}
