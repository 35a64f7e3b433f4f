"""SpacetimeDB's own smoketests, with stdbpy in place of the official program, against the real 2.8.3.

Each test is one of theirs; all that are wanted run once, when the first is asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real_servers import RealServer
from tests.smoketests.differences import DIFFERENCES
from tests.smoketests.runs import LOCAL, REMOTE, WHY_SKIPPED, Outcomes, first_of_each_part, names, part_of, run

pytestmark = [
    pytest.mark.real,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not names(REMOTE), reason=WHY_SKIPPED),
]


QUICK = (
    *("call", "cli", "database_lock", "delete_database", "describe", "dml", "domains", "logs_level_filter"),
    *("new_user_flow", "publish_upgrade_prompt", "servers", "sql"),
)
"""The parts that are about what commands do, of which the first smoketest always runs; others are about the server."""


@pytest.fixture(scope="session")
def outcomes(
    request: pytest.FixtureRequest, real_server: RealServer, tmp_path_factory: pytest.TempPathFactory
) -> Outcomes:
    here = [item for item in request.session.items if item.path == Path(__file__) and hasattr(item, "callspec")]
    return run(
        tmp_path_factory.mktemp("smoketests"),
        [item.callspec.params["name"] for item in here],
        server=real_server.url,
        STDB_CLI=str(Path(sys.executable).with_name("stdbpy")),
        # A table, as the official program writes without being asked: what they compare is that.
        STDBPY_FORMAT="table",
    )


def _cases() -> Iterator[object]:
    chosen = {name for name in first_of_each_part(names(REMOTE)) if part_of(name) in QUICK}
    for name in names(REMOTE) or ["all"]:
        yield pytest.param(name, marks=() if name in chosen else pytest.mark.long)


@pytest.mark.parametrize("name", list(_cases()))
def test_the_smoketest_passes_with_stdbpy(name: str, outcomes: Outcomes) -> None:
    verdict = outcomes.verdicts.get(name, "NOTFOUND")
    if name in DIFFERENCES:
        assert verdict != "PASS", f"{name} passes: take it out of the list of differences"
        pytest.xfail(DIFFERENCES[name])
    assert verdict == "PASS", outcomes.log_of(name)


def test_the_differences_name_smoketests_that_exist() -> None:
    assert not DIFFERENCES.keys() - {*names(REMOTE), *names(LOCAL)}
