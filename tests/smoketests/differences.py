"""The smoketests that do not pass with our program or against the embedded server, each with the reason."""

from __future__ import annotations

_SENTENCES_OF_CALL = (
    "compares the official program's sentences about unknown functions, from its warning on, letter by letter:"
    " stdbpy has its own, with the nearest function or a list of all"
)
_QUESTIONS = "reads the official program's question from stdout: stdbpy has data alone there, asks on stderr,"

_STARTS_ON_OFFICIAL_FILES = (
    "starts the server on files of a real server, in which a fault is to be mended: the embedded server's are others"
)

DIFFERENCES_OF_THE_SERVER: dict[str, str] = {
    "smoketests::views::test_repair_stale_anonymous_view_backing_table_on_startup": _STARTS_ON_OFFICIAL_FILES,
    "smoketests::views::test_repair_stale_sender_scoped_view_backing_table_on_startup": _STARTS_ON_OFFICIAL_FILES,
}
"""Of the embedded server, with any program."""

DIFFERENCES: dict[str, str] = {
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
    "smoketests::cli::list::cli_list_shows_database_names_and_identities": (
        "looks for the official program's headings: stdbpy's are the keys of its JSON"
    ),
}
"""Of our program, with any server."""
