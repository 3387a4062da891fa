//! Every case, by name.

use trustpath_tests::{cases, fleet::Case, pair::Which};

use crate::{
    app_role, bad_days, bad_files, bad_servers, canaries, circle, clusters, conformance, cut_off, ends, garbled, kept,
    locks, mirror, namespaces, on_a_terminal, other_values, own_step, panics, partial, races, requests, reviewer,
    rights, rollback, size, tokens,
};

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
    clusters::the_same_files_do_not_take_a_mount_away,
    clusters::a_cluster_that_was_built_anew_takes_its_mount_over,
    clusters::a_mark_of_an_earlier_version_is_completed,
    clusters::whatever_one_does_the_other_holds,
    clusters::at_the_same_time,
    clusters::a_chain_in_use_stays_whole,
    clusters::a_mount_that_stays_keeps_its_reviewer,
    rollback::after_the_file_was_edited,
    rollback::against_other_servers,
    rollback::interrupted_by_a_signal,
    cut_off::stopped_by_a_second_signal,
    cut_off::stopped_at_the_end_of_the_grace,
    cut_off::killed_and_resumed,
    bad_servers::sealed_in_the_middle,
    bad_servers::restarted_in_the_middle,
    bad_servers::a_token_that_ends_in_the_middle,
    tokens::one_that_can_be_used_too_seldom,
    tokens::one_that_ends_too_soon,
    tokens::one_that_may_not_look_at_itself,
    size::a_thousand_policies,
    on_a_terminal::nothing_of_the_live_view_is_left_and_no_word_is_broken,
    reviewer::as_a_step_of_the_graph,
    reviewer::a_rotated_file_is_drift,
    reviewer::made_anew_and_cut_off,
    requests::are_shown_as_they_are_sent,
    rights::printed_is_enough,
    rights::none_is_too_much,
    rights::none_is_too_much_for_an_app_role,
    rights::none_is_too_much_for_a_jwt_chain,
    rights::another_value_is_refused,
    kept::a_chain_by_hand_is_taken_over_by_its_mark,
    kept::only_what_is_there_is_kept,
    own_step::an_app_role_from_its_own_binary,
    own_step::an_app_role_comes_back_as_it_was,
    own_step::a_jwt_chain_from_its_own_binary,
    app_role::what_cannot_be_given_back_is_told,
    app_role::a_login_that_fails_leaves_nothing,
    app_role::a_proof_that_is_interrupted_leaves_nothing,
    app_role::a_role_that_comes_while_the_mount_goes_keeps_it,
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
    locks::a_holder_of_another_host_that_is_dead_is_followed,
    locks::a_holder_that_is_alive_is_named,
    locks::a_namespace_that_a_run_could_take_away_is_refused,
    locks::a_lock_in_vault_for_clusters_that_share_it,
    locks::a_token_that_may_not_remove_the_lock_in_vault,
    ends::a_run_that_ended_well_is_in_no_ones_way,
    ends::where_no_lock_answers_the_command_that_is_named_mends_it,
    ends::a_run_of_a_machine_that_is_gone_is_closed_from_another,
    ends::a_run_whose_end_the_cluster_lacks_is_closed_from_another_machine,
    ends::killed_when_all_was_done_it_is_closed_by_the_next_run,
    ends::a_chain_that_broke_meanwhile_is_not_called_done,
    ends::a_stuck_run_stays_on_its_locks,
    ends::a_run_that_the_second_lock_does_not_note_has_not_begun,
    ends::a_rollback_that_the_second_lock_does_not_note_has_not_begun,
    ends::killed_between_its_notes_it_can_be_gone_on_with,
    ends::a_lock_that_is_out_of_date_is_taken,
    mirror::a_machine_that_is_gone_is_followed_by_one_that_takes_its_run_back,
    mirror::a_machine_that_is_gone_is_followed_by_one_that_carries_its_run_to_its_end,
    mirror::a_machine_that_is_at_work_is_waited_for_and_followed,
    mirror::killed_at_a_write_of_the_journal_it_is_taken_back,
    mirror::every_intent_is_in_the_cluster_before_its_write,
    mirror::what_the_cluster_does_not_take_is_not_sent,
    mirror::without_its_first_record_in_the_cluster_no_run_begins,
    mirror::a_journal_that_is_damaged_there_stops_its_run_alone,
    mirror::without_the_cluster_nothing_is_written,
    mirror::printed_for_the_cluster_is_enough_and_none_is_too_much,
    namespaces::what_others_put_into_it_stays_and_every_run_ends,
    namespaces::a_run_that_fails_says_what_stays_and_is_over,
    namespaces::what_comes_while_it_is_being_removed_stays_too,
    namespaces::labels_of_the_namespace_are_the_graph_files,
    races::eight_graphs_over_the_same_objects,
    races::one_that_is_stopped_past_its_lease_writes_nothing_once_woken,
    races::one_that_is_killed_is_followed,
    garbled::no_answer_makes_it_panic_or_moves_the_terminal,
    canaries::in_every_verb,
    canaries::in_the_middle_of_a_run,
    canaries::in_what_a_hostile_vault_sends_back,
    canaries::in_what_a_hostile_cluster_sends_back,
    canaries::in_urls,
    canaries::of_a_proxy,
    canaries::in_a_panic,
    panics::a_run_whose_step_panics_is_taken_back,
    panics::an_aborted_process_leaves_no_core_dump,
];

/// Why a case is not run on a pair, where it is not: it is told as ignored, and never as passed.
pub(crate) fn ignored(name: &str, which: Which) -> Option<&'static str> {
    match name {
        "bad_days::an_unknown_vault_namespace" => {
            which.hashicorp_vault.then_some("the community edition has no namespaces and ignores the header")
        }
        "conformance::every_kind_may_be_cut_off_at_every_request" => {
            let is_asked_for = which == Which::SANDBOX || std::env::var_os("TRUSTPATH_SWEEP").is_some();
            (!is_asked_for).then_some("`cargo xtask sweep` runs it here: real servers take their time")
        }
        "panics::an_aborted_process_leaves_no_core_dump" => {
            (!panics::are_dumped()).then_some("no process leaves a core dump on this machine")
        }
        _ => None,
    }
}

/// Those that need what only a real API server has: the right to bind a role, admission, aggregated APIs, finalizers of namespaces.
pub(crate) const REAL_KUBERNETES: &[(&str, Case)] = cases![
    rights::none_is_too_much_where_a_step_makes_the_reviewer,
    namespaces::one_that_others_hold_up_on_its_way_out_keeps_no_run,
    namespaces::a_webhook_that_is_not_ready_is_waited_for_and_named,
    namespaces::a_webhook_that_is_down_holds_back_only_what_it_guards,
    namespaces::a_label_that_admission_demands_is_asked_for_in_the_plan,
];
