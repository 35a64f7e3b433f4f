"""What uses up what there is ends its call, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest

from stdbpy.api import ApiClient
from stdbpy.engine.limits import Limits
from stdbpy.errors import ApiError
from stdbpy.server import RunningServer, ServerConfig
from tests.hosts.town import Town, on

pytestmark = on("native", "wasm")

DEEP = (
    "functions",
    "defaults",
    "attributes",
    "generators",
    "repr",
    "equality",
    "copies",
    "JSON written",
    "JSON read",
    "pickle",
    "patterns",
)


def trails(town: Town) -> set[str]:
    return {text for [text] in town.rows("SELECT * FROM trail")}


@pytest.fixture(autouse=True)
def swept(town: Town) -> None:
    town.call("forget_trails")


@pytest.mark.parametrize("kind", DEEP)
def test_deep_recursion(town: Town, kind: str) -> None:
    assert town.refused("dig", [kind], False).startswith("RecursionError: ")
    assert trails(town) == set()
    town.call("leave_trail", "after it")
    assert trails(town) == {"after it"}


def test_deep_recursion_that_is_caught(town: Town) -> None:
    assert town.said("dig", list(DEEP), True) == [f"{kind}: RecursionError" for kind in DEEP]
    assert trails(town) == set(DEEP)


@pytest.mark.parametrize(
    "kind", ["one text", *(pytest.param(kind, marks=pytest.mark.long) for kind in ("blocks", "texts"))]
)
def test_memory_without_end(town: Town, kind: str) -> None:
    if town.runs_natively:
        pytest.skip("Python natively takes what memory there is")
    town.refused("hoard", kind, False)
    [line] = [line for line in town.lines() if line.level == "Panic"]
    assert line.where.startswith("town/trouble.py:")
    assert "MemoryError" in line.message
    assert trails(town) == set()
    town.call("leave_trail", "after it")
    assert town.said("hoard", kind, True) == [f"{kind}: there is none left"]
    assert trails(town) == {"after it", kind}


def test_what_is_left_in_globals(town: Town) -> None:
    """A bug in a reducer leaves the instance as it is; one that traps takes the globals with it."""
    town.refused("visit_again", True)
    before = town.said("visit_again", False)
    if not town.runs_natively:
        town.refused("hoard", "one text", False)
    after = town.said("visit_again", False)
    expected = {"strict": (["visit 1"], ["visit 1"]), "native": (["visit 2"], ["visit 3"])}
    assert (before, after) == expected.get(town.host, (["visit 2"], ["visit 1"]))


def test_numbers_begin_again(town: Town) -> None:
    assert town.said("use_lockers", "ann", 256) == ["0"]
    taken = "UniqueConstraintViolation: locker already has a row with the next number for number"
    assert town.refused("use_lockers", "bob", 1) == taken


def test_numbers_with_signs_begin_again(town: Town) -> None:
    numbers = [*range(1, 128), *range(-128, 1)]
    assert town.said("dig_cellars", 256) == [str(numbers)]


@pytest.mark.long
def test_a_loop_without_end(town: Town) -> None:
    """The embedded server stops it after a time, SpacetimeDB when its energy is used up."""
    town.call("leave_trail", "before it")
    with ExitStack() as until_done:
        where = town if town.is_real else until_done.enter_context(hasty(town))
        with pytest.raises(ApiError) as stopped:
            where.api.call(where.database, "spin", [])
        if town.is_real:
            assert stopped.value.status == 402
        else:
            assert stopped.value.body == "spin was stopped: it ran for more than 2 seconds"
        where.call("leave_trail", "after it")
        assert trails(where) == ({"before it", "after it"} if town.is_real else {"after it"})


@contextmanager
def hasty(town: Town) -> Iterator[Town]:
    """The same module on a server that gives calls two seconds."""
    config = ServerConfig(listen_addr="127.0.0.1:0", limits=Limits(seconds=2), strict=town.host == "strict")
    with RunningServer(config) as server, ApiClient(server.url, server.owner_token, timeout=300) as api:
        database = api.publish(town.program, None).database_identity.hex()
        yield replace(town, url=server.url, token=server.owner_token, api=api, database=database)
