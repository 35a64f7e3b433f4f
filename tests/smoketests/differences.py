"""The smoketests that do not pass with stdbpy, each with the reason."""

from __future__ import annotations

_SENTENCES_OF_CALL = (
    "compares the official program's sentences about unknown functions, from its warning on, letter by letter:"
    " stdbpy has its own, with the nearest function or a list of all"
)
_QUESTIONS = "reads the official program's question from stdout: stdbpy has data alone there, asks on stderr,"

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
}
