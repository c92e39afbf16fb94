//! What every database must do, written once as functions over a [`bed::Bed`]. They run on SQLite,
//! or on the PostgreSQL server that `PHR_TEST_POSTGRES` names.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod apps;
mod backfills;
mod bed;
mod budgets;
mod connections;
mod deliveries;
mod feed;
mod fleet;
mod given;
mod hooks;
mod inspection;
mod made_days;
mod moving;
mod notices;
mod one_times;
mod pages;
mod racing;
mod readings;
mod runs;
mod schedule;
mod schema;
mod search;
mod sessions;
mod size;
mod sqlite_file;

/// Instantiates the suite.
macro_rules! on_every_database {
    ($($module:ident: $($test:ident),+ $(,)?;)+) => {
        mod store {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    crate::$module::$test(&crate::bed::FreshBed::new().await).await;
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
        a_person_s_living_sessions_are_listed_newest_first,
        all_sessions_of_a_person_end_at_once,
        another_password_ends_every_other_session,
        sessions_survive_a_restart;
    search:
        everything_that_stands_is_found_in_the_order_of_pages,
        a_day_holds_what_lies_within_it,
        a_bound_cuts_where_it_says,
        series_tell_open_days_from_closed_ones,
        the_withdrawn_are_found_by_status_or_not_at_all,
        what_changed_since_is_found_in_the_order_of_changes,
        pages_of_any_length_and_order_hold_everything_once,
        nobody_finds_what_is_somebody_elses,
        a_journey_hides_nothing;
    apps:
        an_app_comes_back_as_it_was_registered,
        a_code_is_exchanged_once_and_a_copy_ends_everything,
        a_code_lives_a_minute,
        a_code_that_does_not_fit_is_spent,
        another_app_can_do_nothing_with_a_token,
        without_lasting_access_there_is_nothing_to_renew,
        a_refresh_token_is_exchanged_once_and_a_copy_ends_everything,
        lasting_access_ends_when_idle_and_in_any_case,
        an_access_token_may_read_less_than_was_granted,
        a_person_sees_and_ends_what_an_app_may_read,
        another_password_ends_what_apps_may_read,
        an_app_gives_its_tokens_back,
        of_many_exchanges_of_one_code_none_outlives_the_second,
        ending_access_never_waits_in_a_circle,
        what_has_ended_is_swept_away;
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
        devices_are_forgotten_with_the_connection,
        operators_walk_through_all_connections,
        choosing_again_after_disconnecting_starts_over,
        vk_02_swapped_envelopes_fail_closed,
        vk_04_keys_in_use_are_known;
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
        disconnecting_takes_the_lease_away,
        recent_days_go_before_the_audit_and_that_before_history,
        a_claim_for_recent_days_only_leaves_older_ones_alone,
        settling_one_kind_leaves_the_others_due,
        a_trigger_during_older_work_stays_due,
        a_request_during_a_turn_stays_due,
        older_work_of_a_dead_process_is_due_when_its_lease_lapses,
        older_work_gives_way_to_a_person_who_waits,
        a_reservation_of_somebody_who_went_away_lapses,
        older_work_can_end_the_grant,
        a_plan_fills_in_only_what_is_missing;
    backfills:
        the_latest_request_takes_the_place_of_the_one_before,
        the_first_request_takes_nobodys_place,
        a_request_is_paused_resumed_and_cancelled,
        what_the_state_does_not_allow_changes_nothing,
        a_turn_is_noted_on_its_own_request_only,
        known_days_are_those_of_the_metric;
    hooks:
        a_hint_makes_its_connection_due,
        wh_05_a_repeated_hint_is_one_due_connection,
        wh_08_a_hint_about_nobody_writes_nothing,
        a_hint_about_an_ended_connection_wakes_nobody,
        the_earliest_hinted_date_is_kept_in_any_order,
        a_hinted_date_is_forgotten_once_a_run_covered_it,
        a_hint_during_a_run_outlives_it,
        silence_is_counted_until_the_next_hint;
    deliveries:
        a_change_makes_its_person_due_at_every_destination,
        a_destination_that_is_added_later_gets_all_history,
        only_what_changed_comes_again_with_what_is_held_there,
        of_many_deliverers_one_has_the_person,
        nothing_is_recorded_after_the_lease_was_taken,
        a_change_during_a_turn_is_not_lost,
        a_page_ends_where_the_next_begins,
        a_failed_turn_comes_again_when_it_is_due,
        what_is_refused_is_parked_until_it_is_retried,
        a_retry_during_a_turn_is_not_lost,
        a_turn_that_ends_within_a_revision_is_not_the_last,
        a_server_that_is_down_is_probed_by_one,
        other_settings_have_everything_looked_at_anew,
        another_address_is_another_server,
        a_destination_that_left_the_configuration_is_left_alone,
        lag_and_rate_are_seen,
        introductions_and_charts_are_kept,
        nothing_is_sent_for_whom_everything_was_erased,
        whom_an_older_process_changed_is_enlisted,
        what_was_on_its_way_is_known;
    made_days:
        a_day_comes_once_and_again_when_it_changes,
        a_change_that_no_kept_observation_shows_is_a_change,
        steps_bear_witness_for_the_days_around_them,
        a_day_comes_with_all_that_decides_about_it,
        what_is_written_down_is_pending_and_known_beside_what_is_kept,
        nothing_is_written_down_without_the_lease,
        another_server_or_an_erasure_forgets_what_was_made;
    fleet:
        an_empty_database_has_an_empty_fleet,
        connections_are_counted_by_state,
        what_is_due_is_told_by_kind_of_work,
        what_is_being_worked_on_is_not_due_until_its_lease_lapses,
        failures_and_the_age_of_completeness_are_seen,
        notices_that_wait_or_were_given_up_are_seen;
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
    feed:
        a_change_appears_once_after_its_position,
        what_changed_twice_appears_once_as_it_is_now,
        a_tombstone_is_in_the_feed,
        saying_the_same_again_is_no_change,
        the_feed_of_a_metric_holds_nothing_else,
        the_feed_of_another_person_is_empty,
        rows_of_before_the_feed_are_in_it,
        whoever_listens_hears_of_changes_only,
        a_drained_copy_equals_the_store,
        a_reader_beside_writers_misses_nothing;
    inspection:
        everything_of_a_day_is_shown,
        what_was_withdrawn_is_shown_too,
        the_span_reaches_from_the_first_day_to_the_last,
        an_unreadable_row_does_not_hide_the_others,
        a_digest_that_does_not_fit_is_told,
        rows_of_unknown_metrics_are_strays,
        a_released_connection_is_as_it_was,
        a_trigger_outlives_the_release;
    racing:
        every_connection_is_claimed_once_by_eight_claimers,
        parallel_writes_of_one_person_are_all_counted,
        parallel_writes_of_one_day_leave_one_whole_day,
        one_of_many_people_links_a_vendor_account,
        parallel_disconnects_leave_one_revocation,
        one_of_many_registrations_gets_the_address,
        every_parallel_failure_is_counted,
        one_of_many_refreshes_replaces_the_tokens,
        a_trigger_in_the_moment_of_settling_is_not_lost,
        nothing_is_written_after_the_lease_was_taken;
    schema:
        an_older_process_keeps_working_after_columns_were_added;
    budgets:
        a_budget_is_shared_by_processes_and_minutes,
        an_hours_requests_are_counted_over_any_hour,
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
        a_run_is_recorded_once,
        the_newest_runs_are_kept_and_only_those,
        a_run_is_kept_for_ninety_days;
}
