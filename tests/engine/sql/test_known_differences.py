"""Where our SQL differs from the real server's, and why. Each is looked at on both sides, so that a
difference that goes away is noticed."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from stdbpy.engine.results import StatementResult
from stdbpy.errors import SqlError
from tests import real_servers
from tests.engine.sql.recording import RealDatabase
from tests.engine.sql.test_answers import OurDatabase
from tests.real_servers import RealServer

WE_REFUSE = {
    "a word that is a keyword in some SQL dialect, as an alias without AS behind a column named like a type": (
        "SELECT text double FROM scheduled_table"
    ),
    "a JOIN that does not tie its table to one before; the real server answers nonsense if the column has an index": (
        "SELECT x.n FROM pk_u_32 x JOIN pk_u_32 y ON x.n = x.n"
    ),
    "integers written with thousands of digits": f"SELECT n FROM pk_u_32 WHERE n = {'0' * 5000}1",
    "changes of system tables that say what the module declares, which leave the real server broken": (
        "DELETE FROM st_event_table"
    ),
}


@pytest.mark.parametrize("why", WE_REFUSE)
def test_refused_here(why: str) -> None:
    ((_, answer),) = OurDatabase("sdk_test").answers(iter([WE_REFUSE[why]]))
    assert isinstance(answer, SqlError)


@pytest.fixture(scope="module")
def real_database(real_server: RealServer) -> Iterator[RealDatabase]:
    with httpx.Client(base_url=real_server.url, trust_env=False, verify=False, timeout=30) as client:
        yield RealDatabase(client, "sql-differences", real_servers.wasm("sdk_test-2.8.3"))


@pytest.mark.difference(
    "changes of system tables that say what the module is",
    "a `JOIN … ON` that does not compare the table with one before it",
    "a word that is a keyword in some SQL dialect as an alias without `AS`, behind a column named like a type",
    "integers written with thousands of digits",
)
@pytest.mark.real
@pytest.mark.parametrize("why", WE_REFUSE)
def test_answered_there(why: str, real_database: RealDatabase) -> None:
    (answer,) = real_database.answers([WE_REFUSE[why]])
    assert "status" not in answer


def test_variables_are_shown_as_not_set() -> None:
    """As on the real server, where one can then be set."""
    ((_, answer),) = OurDatabase("sdk_test").answers(iter(["SHOW row_limit"]))
    assert isinstance(answer, StatementResult)
    assert answer.rows == []
