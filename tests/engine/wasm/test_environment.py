"""Values of the environment as WebAssembly modules read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from stdbpy.engine import Caller, Engine
from stdbpy.engine.names import identity_from_claims
from stdbpy.module.host import Errno
from stdbpy.schema.environment import EnvironmentUpdate
from tests.guests import OUT, ROOM, Data, Load, Size, Step, guest

ME = identity_from_claims("localhost", "me")
SOURCE = """
from stdbpy import environment

@environment
class Env:
    KEY: str
    NOTHING: str | None

@table(name="person")
class Person:
    id: u64

@reducer
def probe(ctx: ReducerContext) -> None: ...
"""
VALUES = {"KEY": "value", "OTHER": "x"}


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine(None) as engine:
        yield engine


def told(engine: Engine, steps: Sequence[Step], values: dict[str, str] = VALUES) -> str:
    engine.publish(guest(SOURCE, {"probe": steps}), owner=ME, name="probe", environment=EnvironmentUpdate(values))
    outcome = engine.database("probe").call("probe", b"", Caller(ME)).result(60)
    return outcome.error or ""


def test_a_value_is_a_source_of_its_text(engine: Engine) -> None:
    read: Step = ("bytes_source_read", Load(OUT), ROOM, Size(64))
    said = told(engine, [("env_get", Data(b"KEY"), OUT), read, ("tell", Load(ROOM))])
    assert said == f"0 -1 {int.from_bytes(b'valu', 'little')} "


def test_an_empty_value_has_a_source_and_a_missing_one_has_none(engine: Engine) -> None:
    steps: list[Step] = [("env_get", Data(b"KEY"), OUT), ("tell", Load(OUT))]
    steps += [("env_get", Data(b"NOTHING"), OUT), ("tell", Load(OUT))]
    assert told(engine, steps, {"KEY": ""}) == "0 1 0 0 "


@pytest.mark.parametrize("key", [b"", b"A=B", b"1ST", b"K" * 257])
def test_what_is_no_name(engine: Engine, key: bytes) -> None:
    assert told(engine, [("env_get", Data(key), OUT)]) == f"{Errno.HOST_CALL_FAILURE} "


def test_what_is_not_declared_ends_the_call(engine: Engine) -> None:
    assert "fatal error" in told(engine, [("env_get", Data(b"OTHER"), OUT)])
    assert "does not declare a value 'OTHER'" in engine.database("probe").logs.tail(1)[0]


def test_a_guest_holds_so_many_values_at_most(engine: Engine) -> None:
    said = told(engine, [("env_get", Data(b"KEY"), OUT)] * 257).split()
    # The call's own arguments are a source only if there are any.
    assert said == ["0"] * 256 + [str(Errno.NO_SPACE.value)]


def test_the_table_is_hidden_from_guests(engine: Engine) -> None:
    steps: list[Step] = [
        ("table_id_from_name", Data(b"st_env"), OUT),
        ("index_id_from_name", Data(b"st_env_key_idx_btree"), OUT),
        ("datastore_table_row_count", 21, OUT),
        ("datastore_table_scan_bsatn", 21, OUT),
        ("datastore_index_scan_point_bsatn", 30, Data(b"\x03\0\0\0KEY"), OUT),
    ]
    table, index = Errno.NO_SUCH_TABLE.value, Errno.NO_SUCH_INDEX.value
    assert told(engine, steps) == f"{table} {index} {table} {table} {index} "
