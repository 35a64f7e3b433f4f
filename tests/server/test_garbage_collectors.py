"""What Python's garbage collector need not look at while a server runs."""

import gc
import json
import signal
from pathlib import Path

import pytest

from stdbpy.engine import Engine
from stdbpy.server import ServerConfig, run, serve
from tests.engine.sample import OWNER, program


def test_databases_are_looked_at_and_what_is_imported_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables that an update replaces refer to themselves: else they would stay in memory."""
    with Engine(tmp_path) as engine:
        engine.publish(program(), owner=OWNER, name="sample")
    tables: list[object] = []
    looked_at: list[object] = []

    def opened(folder: Path, **_: object) -> Engine:
        engine = Engine(folder)
        found = engine.database("sample").transact(lambda reading: reading.table(reading.table_id("person") or 0))
        tables.append(found.result())
        return engine

    def look(_: str) -> None:
        looked_at.extend(gc.get_objects())
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(run, "Engine", opened)
    serve(ServerConfig(listen_addr="127.0.0.1:0", data_dir=tmp_path), on_ready=look)
    seen = set(map(id, looked_at))
    assert id(tables[0]) in seen
    assert id(vars(json)) not in seen
    assert gc.get_freeze_count() == 0
