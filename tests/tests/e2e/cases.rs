//! Every case, by name.

use trustpath_tests::{cases, fleet::Case};

use crate::{bad_days, bad_files, circle, conformance, other_values, own_step, partial, reviewer, rollback};

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
    reviewer::as_a_step_of_the_graph,
    reviewer::a_rotated_file_is_drift,
    own_step::an_app_role_from_its_own_binary,
    conformance::every_kind_keeps_every_law,
    conformance::every_kind_may_be_cut_off_at_every_request,
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
];
