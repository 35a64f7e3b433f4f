"""The smoketests that do not pass with stdbpy, each with the reason."""

from __future__ import annotations

_SENTENCES_OF_CALL = (
    "compares the official program's sentences about unknown functions, from its warning on, letter by letter:"
    " stdbpy has its own, with the nearest function or a list of all"
)
_QUESTIONS = "reads the official program's question from stdout: stdbpy has data alone there, asks on stderr,"

_NEED_SUBSCRIBE = {
    "add_remove_index": ("test_add_then_remove_index",),
    "auto_migration": (
        "test_add_table_auto_migration",
        "test_add_table_columns",
    ),
    "client_connection_errors": (
        "test_client_connected_error_rejects_connection",
        "test_client_disconnected_error_still_deletes_st_client",
    ),
    "confirmed_reads": ("test_confirmed_reads_receive_updates",),
    "dml": ("test_subscribe",),
    "modules": ("test_hotswap_module",),
    "permissions": ("test_private_table",),
    "schedule_reducer": (
        "test_scheduled_procedure_table_and_view_subscription",
        "test_scheduled_procedure_table_subscription_repeated_procedure",
        "test_scheduled_table_and_view_subscription",
        "test_scheduled_table_subscription_repeated_reducer",
        "test_view_refresh_for_scheduled_reducer",
        "test_view_refresh_on_failed_scheduled_reducer",
        "test_volatile_nonatomic_schedule_immediate",
    ),
    "views": (
        "test_disconnect_does_not_break_anonymous_view",
        "test_disconnect_does_not_break_sender_view",
        "test_procedure_triggers_subscription_updates",
        "test_rust_count_view_subscription_refreshes",
        "test_subscribe_join_anon_pk_view_with_table",
        "test_subscribe_join_anon_pk_view_with_table_and_filter",
        "test_subscribe_join_anon_pk_views_with_filters_on_both_sides",
        "test_subscribe_join_pk_view_with_table",
        "test_subscribe_join_pk_views_with_filters_on_both_sides",
        "test_subscribing_with_different_identities",
        "test_view_primary_key_auto_migration_disconnects_clients",
        "test_views_auto_migration_read_set",
        "test_views_auto_migration_stable",
    ),
}
"""By file: these watch rows through the command `subscribe`, which stdbpy does not have."""

DIFFERENCES: dict[str, str] = {
    **{
        f"smoketests::{file}::{test}": "needs the command `subscribe`"
        for file, tests in _NEED_SUBSCRIBE.items()
        for test in tests
    },
    "smoketests::call::test_call_empty_errors": _SENTENCES_OF_CALL,
    "smoketests::call::test_call_errors": _SENTENCES_OF_CALL,
    "smoketests::call::test_call_many_errors": _SENTENCES_OF_CALL,
    "smoketests::delete_database::test_delete_database_aborts_without_confirmation": (
        f"{_QUESTIONS} and fails where nobody can answer instead of leaving everything as it was with exit code 0"
    ),
    "smoketests::delete_database::test_delete_database_with_confirmation": (
        f"{_QUESTIONS} and takes no answer from a pipe: --yes says it"
    ),
    "smoketests::delete_database::test_delete_database_yes_skips_confirmation": (
        f"{_QUESTIONS} and says nothing about a question that --yes answers"
    ),
    "smoketests::publish_upgrade_prompt::upgrade_prompt_on_publish": (
        f"{_QUESTIONS} in words of its own, and takes no answer from a pipe: --yes=migrate says it"
    ),
    "smoketests::cli::dev::config_with_invalid_field_shows_error": (
        "compares the official program's sentence about a key that spacetime.json cannot have: stdbpy's names the line"
        " and the nearest key"
    ),
}
