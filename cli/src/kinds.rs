//! The built-in kinds. A registration in a crate that nothing names is dropped by the linker without a word: each is
//! named here, and `deny(unused_crate_dependencies)` in `lib.rs` makes a forgotten one a compile error.

use trustpath_core::{Class, Kind, Problem};
use trustpath_step_cluster_secret_store as _;
use trustpath_step_kubernetes_auth as _;
use trustpath_step_kubernetes_role as _;
use trustpath_step_policy as _;
use trustpath_step_service_account as _;
use trustpath_step_token_reviewer as _;

/// Sorts kinds by name.
/// Two of the same name are an error: which of them a graph file means cannot be told.
pub(crate) fn sorted(kinds: &[&'static Kind]) -> Result<Vec<&'static Kind>, Problem> {
    let mut kinds = kinds.to_vec();
    kinds.sort_by_key(|kind| kind.name());
    match kinds.windows(2).find(|pair| pair[0].name() == pair[1].name()) {
        None => Ok(kinds),
        Some(pair) => Err(twice(pair[0].name())),
    }
}

fn twice(name: &str) -> Problem {
    let message = format!("two kinds of steps in this program are called `{name}`");
    Problem::new(Class::Internal, "trustpath::cli::duplicate_kind", message)
        .help("give one of them another name, and build the program again")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_crate_of_steps_is_linked_in_as_the_kind_of_its_name() {
        let names: BTreeSet<_> = Kind::registered().iter().map(|kind| kind.name().to_owned()).collect();
        let crates = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../steps")).expect("the crates of steps");
        let crates = crates.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"));
        assert_eq!(names, crates.collect());
    }

    #[test]
    fn a_name_that_two_kinds_have_is_an_error() {
        let mut kinds = Kind::registered();
        assert!(sorted(&kinds).is_ok());
        kinds.push(kinds[0]);
        assert!(sorted(&kinds).unwrap_err().to_string().contains("cluster-secret-store"));
    }
}
