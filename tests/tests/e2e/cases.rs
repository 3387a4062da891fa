//! Every case, by name.

use std::sync::Arc;

use futures::future::BoxFuture;
use trustpath_tests::pair::Pair;

use crate::{
    bad_days, bad_files, bad_servers, circle, conformance, cut_off, locks, other_values, own_step, partial, races,
    reviewer, rights, rollback,
};

/// One case: it panics when what it looks at is not so, and leaves nothing behind.
pub(crate) type Case = fn(Arc<Pair>) -> BoxFuture<'static, ()>;

macro_rules! cases {
    ($($module:ident::$case:ident),+ $(,)?) => {
        &[$((concat!(stringify!($module), "::", stringify!($case)), |pair| Box::pin($module::$case(pair)))),+]
    };
}

pub(crate) const ALL: &[(&str, Case)] = cases![
    circle::from_empty_and_back,
    circle::values_are_the_standard_ones,
    circle::on_every_crd,
    other_values::a_fault_in_the_last_step_puts_every_value_back,
    other_values::without_the_source_it_is_refused_before_the_first_write,
    other_values::adopting_needs_consent,
    partial::the_role_alone,
    partial::refused_when_the_policy_was_changed_too,
    partial::from_and_skip,
    rollback::after_the_file_was_edited,
    rollback::against_other_servers,
    rollback::interrupted_by_a_signal,
    cut_off::stopped_by_a_second_signal,
    cut_off::stopped_at_the_end_of_the_grace,
    cut_off::killed_and_resumed,
    bad_servers::sealed_in_the_middle,
    bad_servers::restarted_in_the_middle,
    bad_servers::a_token_that_ends_in_the_middle,
    reviewer::as_a_step_of_the_graph,
    reviewer::a_rotated_file_is_drift,
    rights::printed_is_enough,
    rights::none_is_too_much,
    rights::another_value_is_refused,
    own_step::an_app_role_from_its_own_binary,
    conformance::every_kind_keeps_every_law,
    bad_days::no_vault_address,
    bad_days::an_invalid_token,
    bad_days::a_token_that_lacks_a_right,
    bad_days::a_sealed_vault,
    bad_days::an_unreachable_api_server,
    bad_days::a_wrong_ca,
    bad_days::a_missing_namespace,
    bad_days::an_unknown_vault_namespace,
    bad_days::the_crd_is_missing,
    bad_days::a_mount_of_another_type,
    bad_days::a_config_of_another_cluster,
    bad_files::garbage_pem,
    bad_files::garbage_jwt,
    bad_files::an_empty_file,
    bad_files::not_toml,
    bad_files::every_mistake_at_once,
    locks::a_holder_of_another_host_that_is_dead_is_followed,
    locks::a_holder_that_is_alive_is_named,
    locks::a_namespace_that_a_run_could_take_away_is_refused,
    locks::a_lock_in_vault_for_clusters_that_share_it,
    locks::a_token_that_may_not_remove_the_lock_in_vault,
    races::eight_graphs_over_the_same_objects,
    races::one_that_is_stopped_past_its_lease_writes_nothing_once_woken,
    races::one_that_is_killed_is_followed,
];
