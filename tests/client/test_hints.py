"""What errors say that one can do about them, where users see them."""

from __future__ import annotations

import copy
import logging
import pickle
import traceback

import pytest

from stdbpy.client import Connection, FileTokens, connect
from stdbpy.client.refused_queries import explain
from stdbpy.errors import ConnectFailed, CredentialsRefused, QueryFailed, StdbError, SubscriptionFailed
from stdbpy.protocol.functions import failure_of
from stdbpy.protocol.incoming import Failed
from stdbpy.protocol.losses import NO_TLS, failed_opening
from stdbpy.testing import InMemoryDatabase
from tests.client.game import MODULE, DbConnection


def shown(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def test_tracebacks_show_the_hint_once():
    error = StdbError("it failed", hint="Try this.")
    error.add_note("here")
    assert shown(error).endswith("StdbError: it failed\nHint: Try this.\nhere\n")
    assert str(error) == "it failed"
    error.hint = "Try that."
    assert error.hint == "Try that."
    assert shown(error).endswith("StdbError: it failed\nhere\nHint: Try that.\n")
    assert error.notes == ["here"]
    error.hint = ""
    assert shown(error).endswith("StdbError: it failed\nhere\n")
    assert shown(StdbError("it failed")) == "stdbpy.errors.StdbError: it failed\n"


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_a_copy_has_a_hint_of_its_own(again):
    error = QueryFailed("no", status=400, hint="Try this.")
    other = again(error)
    assert (other.hint, other.status, shown(other)) == ("Try this.", 400, shown(error))
    other.hint = "Try that."
    assert "Hint: Try this." in shown(error)
    assert "this" not in shown(other)


def test_the_log_shows_the_hint_of_what_a_callback_raises(caplog):
    with InMemoryDatabase(MODULE) as database:
        db = database.connect(DbConnection)
        db._deliveries.on_error.clear()  # the database's own

        @db.on_closed
        def over(*_: object) -> None:
            raise StdbError("it failed", hint="Try this.")

    [record] = caplog.records
    assert "Hint: Try this." in logging.Formatter().format(record)


def test_nobody_answers():
    with pytest.raises(ConnectFailed) as caught:
        DbConnection.connect("http://127.0.0.1:1", "game")
    assert "stdbpy start --listen-addr 127.0.0.1:1" in caught.value.hint


@pytest.mark.parametrize(
    ("error", "query", "hint"),
    [
        ("no such table: `playr`. If the table exists, it may be marked private.", "SELECT * FROM playr", "'player'"),
        ("`leve` is not in scope, executing: `…`", "SELECT * FROM player WHERE leve = 1", "'level'"),
        ("`player` does not have a field `leve`", "SELECT * FROM player WHERE player.leve = 1", "'level'"),
        ("something else", "SELECT * FROM player", None),
        ("no such table: `playr`. Did you mean 'player'?", "SELECT * FROM playr", "'player'"),
    ],
)
def test_refused_queries_name_what_there_is(error, query, hint):
    failed = SubscriptionFailed(error)
    explain(failed, [query], MODULE.schema)
    assert failed.hint == ("" if hint is None else f"Did you mean {hint}?")
    assert "Did you mean" not in failed.message


def test_queries_that_are_none():
    failed = SubscriptionFailed("Expected an SQL statement, found: player")
    explain(failed, ["player"], MODULE.schema)
    assert failed.hint == "A query is a SELECT, as in SELECT * FROM player"


def test_counts_are_for_http(chat):
    with chat.sync_class.connect(chat.url, chat.database) as db, pytest.raises(QueryFailed) as caught:
        db.query("SELECT COUNT(*) AS n FROM user")
    assert "over_http" in caught.value.hint


def test_a_server_without_tls():
    error = failed_opening(NO_TLS, None, opened=False, server="https://127.0.0.1:3000")
    assert (NO_TLS in error.message, error.hint) == (True, "Use http:// instead of https://")


def test_refused_queries_over_a_connection(chat):
    with connect(chat.url, chat.database) as db:
        with pytest.raises(QueryFailed) as query:
            db.query("SELECT * FROM usr")
        assert query.value.hint == "Did you mean 'user'?"
        with pytest.raises(SubscriptionFailed) as subscription:
            db.subscribe("SELECT * FROM message", "SELECT * FROM user WHERE nam = 'x'")
        # The embedded server says it by itself.
        assert "Did you mean 'name'?" in f"{subscription.value} {subscription.value.hint}"


def test_a_crash_leads_to_the_log():
    crashed = failure_of(Failed("it is out of fuel"), None, "game", told_apart=True)
    assert crashed is not None and "stdbpy logs game" in crashed.hint


@pytest.mark.parametrize("is_generated", [True, False])
def test_a_kept_token_that_the_server_does_not_know(chat, tmp_path, is_generated):
    tokens = FileTokens(tmp_path)
    tokens.save(chat.url, chat.database, "no.such.token")
    connection_class = chat.sync_class if is_generated else Connection
    with pytest.raises(CredentialsRefused) as caught:
        connection_class.connect(chat.url, chat.database, keep_token=tokens)
    assert f".forget('{chat.url}', '{chat.database}')" in caught.value.hint
    assert tokens.forget(chat.url, chat.database)
    connection_class.connect(chat.url, chat.database, keep_token=tokens).close()
    with pytest.raises(CredentialsRefused) as caught:
        connection_class.connect(chat.url, chat.database, token="no.such.token")
    assert "forget" not in caught.value.hint
