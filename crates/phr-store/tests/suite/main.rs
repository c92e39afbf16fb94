//! What every database must do, written once as functions over a [`bed::Bed`] and run on each
//! database that there is.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod bed;
mod budgets;
mod connections;
mod given;
mod notices;
mod one_times;
mod pages;
mod readings;
mod runs;
mod schedule;
mod sessions;
mod size;
mod sqlite_file;

/// Instantiates the suite. Another database is one more module here and one more [`bed::Bed`].
macro_rules! on_every_database {
    ($($module:ident: $($test:ident),+ $(,)?;)+) => {
        mod sqlite {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    crate::$module::$test(&crate::bed::SqliteBed::new().await).await;
                })+
            })+
        }
    };
}

on_every_database! {
    accounts:
        an_account_is_found_by_id_and_by_address_in_any_case,
        an_address_is_taken_once_whatever_its_case,
        people_are_listed_oldest_first,
        an_invitation_works_once,
        a_taken_address_leaves_the_invitation_standing,
        without_a_valid_invitation_nobody_learns_about_addresses,
        one_invitation_lets_one_of_many_in,
        a_password_is_rehashed_only_if_it_is_still_the_old_one,
        failures_are_counted_in_a_row_and_by_the_hour;
    sessions:
        a_session_lives_until_its_absolute_end,
        a_session_needs_its_person,
        a_session_ends_for_its_person_only,
        a_refresh_token_is_exchanged_once,
        an_unknown_token_is_refused,
        a_token_of_an_ended_session_is_refused,
        an_idle_session_ends,
        a_replay_after_use_ends_the_whole_session,
        a_lost_answer_is_given_again,
        the_grace_ends,
        a_superseded_token_ends_the_session,
        of_fifty_parallel_calls_one_leaf_lives,
        sessions_survive_a_restart;
    one_times:
        a_secret_works_once,
        a_secret_works_for_its_purpose_only,
        looking_does_not_consume,
        an_expired_secret_does_not_work,
        of_many_takers_one_wins;
    connections:
        choosing_a_vendor_twice_is_one_connection,
        numbers_grow,
        a_person_that_does_not_exist_cannot_choose,
        consent_makes_a_connection_active_and_due,
        nobody_can_consent_for_a_connection_that_is_not_there,
        a_vendor_account_belongs_to_one_person,
        two_vendor_accounts_never_mix_in_one_connection,
        a_disconnected_vendor_account_may_be_linked_elsewhere,
        tokens_are_replaced_only_at_the_expected_version,
        disconnecting_moves_the_tokens_to_a_revocation,
        disconnecting_twice_is_no_error,
        linking_again_spares_the_new_grant,
        a_revocation_is_retried_until_it_is_done,
        the_account_is_remembered,
        choosing_again_after_disconnecting_starts_over,
        swapped_envelopes_fail_closed,
        keys_in_use_are_known;
    schedule:
        a_connection_that_is_due_is_claimed_once,
        of_many_claimers_one_wins,
        the_most_urgent_goes_first,
        a_lapsed_lease_is_claimed_anew,
        what_is_not_active_is_not_claimed,
        a_connection_can_be_claimed_before_it_is_due,
        triggers_coalesce,
        a_trigger_during_a_run_survives_settling,
        a_lease_is_extended_only_by_its_holder,
        failures_are_counted_until_a_success,
        a_run_can_end_the_grant,
        a_lost_lease_settles_nothing,
        disconnecting_takes_the_lease_away;
    readings:
        a_day_comes_back_as_it_was_written,
        writing_the_same_again_changes_nothing,
        another_order_of_the_same_samples_is_the_same_day,
        a_changed_sample_is_a_corrected_observation,
        a_deleted_sample_leaves_a_tombstone,
        a_tombstone_rises_again,
        an_open_day_becomes_final,
        twins_stay_two,
        a_sample_may_move_to_another_day_in_any_order,
        a_sample_may_move_within_one_call,
        a_lost_lease_writes_nothing,
        a_lapsed_lease_writes_nothing,
        a_lease_of_somebody_else_writes_nothing,
        a_day_without_samples_is_known_too,
        notes_leave_the_figures_alone,
        notes_need_the_lease,
        the_next_day_with_samples_skips_empty_ones,
        coverage_is_listed_by_day_and_metric,
        totals_count_what_stands,
        observations_of_a_range_come_oldest_first,
        a_person_sees_nothing_of_another,
        a_spoiled_blob_is_named,
        a_spoiled_word_is_named,
        a_swapped_blob_is_found_by_the_digest,
        the_digest_sees_every_change,
        a_dropped_caller_does_not_cut_a_write,
        readings_survive_a_crash;
    pages:
        pages_hold_everything_once,
        totals_are_exact_under_any_filter,
        a_page_past_the_end_is_empty,
        a_stranger_has_an_empty_page,
        a_page_follows_what_another_process_writes,
        pages_read_during_writes_are_never_torn,
        the_revision_moves_with_every_change_and_no_repetition,
        a_session_that_ended_signs_nobody_in;
    budgets:
        a_budget_is_shared_by_processes_and_minutes,
        of_many_spenders_at_once_none_gets_too_much,
        less_urgent_work_leaves_room,
        a_closed_budget_grants_nothing,
        budgets_that_nobody_uses_are_forgotten;
    notices:
        connecting_tells_through_every_channel,
        without_channels_nothing_is_written,
        one_dead_grant_is_one_notice,
        a_lost_lease_tells_nothing,
        a_day_of_failures_is_told_once_and_so_is_its_end,
        a_failure_that_passes_is_not_told,
        changes_of_readings_coalesce,
        of_many_deliverers_each_gets_others,
        a_delivery_is_tried_until_it_is_done,
        what_was_given_up_can_be_tried_again,
        a_channel_that_is_gone_gets_nothing_more,
        old_notices_are_forgotten_unless_they_wait;
    runs:
        runs_are_listed_newest_first,
        a_run_is_recorded_once;
}
