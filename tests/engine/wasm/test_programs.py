"""Which WebAssembly programs are taken, and what is kept of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import wasmtime

from stdbpy.engine import Caller, Engine
from stdbpy.engine.engine import COMPILED
from stdbpy.engine.host_wasm import compiled
from stdbpy.errors import ProgramUnusable
from stdbpy.sats.values import Identity
from tests.engine.sample import ME, OWNER, call, rows
from tests.guests import OUT, ROOM, Data, Load, guest

NOTES = """
@table(name="note", public=True)
class Note:
    id: u32


@reducer
def note(ctx: ReducerContext) -> None: ...
"""

KEEP = [
    ("table_id_from_name", Data(b"note"), OUT),
    ("store", ROOM, 7),
    ("store", OUT + 4, 4),
    ("datastore_insert_bsatn", Load(OUT), ROOM, OUT + 4),
]


def program(**given: object) -> bytes:
    return guest(NOTES, {"note": KEEP}, ends_with=0, **given)  # type: ignore[arg-type]


MEMORY = '(memory (export "memory") 1)'
SINK = '(import "spacetime_10.0" "bytes_sink_write" (func (param i32 i32 i32) (result i32)))'
DESCRIBE = '(func (export "__describe_module__") (param i32))'
CALL = '(func (export "__call_reducer__") (param i32 i64 i64 i64 i64 i64 i64 i64 i32 i32) (result i32) (i32.const 0))'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (MEMORY + DESCRIBE + CALL, "imports nothing of SpacetimeDB"),
        ('(import "spacetime_10.7" "x" (func))', r"abi version 10\.7 is not supported \(host implements 10\.6\)"),
        ('(import "spacetime_9.0" "x" (func))', r"abi version 9\.0 is not supported"),
        ('(import "spacetime_ten" "x" (func))', "no version of SpacetimeDB"),
        ('(import "spacetime_9.0" "x" (func)) (import "spacetime_10.0" "x" (func))', "exclude one another"),
        ('(import "spacetime_10.0" "x" (func))', "`spacetime_10.0::x` has not been defined"),
        (SINK + '(import "wasi_snapshot_preview1" "fd_write" (func))', "`wasi_snapshot_preview1::fd_write`"),
        ('(import "spacetime_10.0" "identity" (func))', "incompatible import type"),
        (SINK + DESCRIBE + CALL, "no memory"),
        (SINK + MEMORY + DESCRIBE, "'__call_reducer__'"),
        (SINK + MEMORY + CALL, "'__describe_module__'"),
        (SINK + MEMORY + CALL + '(func (export "__describe_module__"))', "of another type"),
        (SINK + MEMORY + CALL + '(global (export "__describe_module__") i32 (i32.const 0))', "not as a function"),
        (SINK + MEMORY + CALL + DESCRIBE + '(func (export "__preinit__1") (param i32))', "of another type"),
        (SINK + MEMORY + CALL + DESCRIBE, "no module definition"),
        (SINK + MEMORY + CALL + DESCRIBE + '(func (export "__preinit__1") unreachable)', "fails before"),
        (SINK + MEMORY + CALL + DESCRIBE + "(func $s unreachable) (start $s)", "fails before"),
        (
            SINK + MEMORY + CALL + DESCRIBE + '(func (export "__setup__") (param i32) (result i32) i32.const 1)',
            "set-up",
        ),
    ],
)
def test_what_is_no_module(text: str, reason: str):
    with Engine(None) as engine, pytest.raises(ProgramUnusable, match=reason):
        engine.publish(bytes(wasmtime.wat2wasm(f"(module {text})")), owner=OWNER)


def test_what_is_no_webassembly():
    with Engine(None) as engine, pytest.raises(ProgramUnusable, match="failed to parse WebAssembly module: "):
        engine.publish(program()[:100], owner=OWNER)


def test_what_is_done_before_the_first_call():
    """In this order, and before the module says what it is: which these would change."""
    order = """
    (global $step (mut i32) (i32.const 0))
    (func $expect (param i32) (if (i32.ne (global.get $step) (local.get 0)) (then unreachable))
      (global.set $step (i32.add (local.get 0) (i32.const 1))))
    (func (export "__preinit__20_b") (call $expect (i32.const 2)))
    (func (export "__setup__") (param i32) (result i32) (call $expect (i32.const 3)) (i32.const 0))
    (func (export "__preinit__10_a") (call $expect (i32.const 1)))
    (func (export "_initialize") (call $expect (i32.const 0)))
    """
    with Engine(None) as engine:
        engine.publish(program(more=order), owner=OWNER, name="sample")
        assert call(engine.database("sample"), "note").status == "committed"


def test_definitions_of_version_9():
    with Engine(None) as engine:
        engine.publish(program(version=9), owner=OWNER, name="sample")
        database = engine.database("sample")
        assert (database.host_type, database.schema.version) == ("Wasm", 9)
        assert call(database, "note").status == "committed"
        assert rows(database, "note") == [(7,)]


def test_anyone_may_publish_and_call():
    somebody = Identity.from_int(5)
    with Engine(None) as engine:
        engine.publish(program(), owner=somebody, name="theirs")
        assert engine.database("theirs").call("note", b"", Caller(Identity.from_int(6))).result().status == "committed"


class TestWhatIsKept:
    def test_data_and_program(self, tmp_path: Path):
        with Engine(tmp_path) as engine:
            engine.publish(program(), owner=OWNER, name="sample")
            call(engine.database("sample"), "note")
        with Engine(tmp_path) as engine:
            database = engine.database("sample")
            assert rows(database, "note") == [(7,)]
            assert call(database, "note").status == "committed"

    def test_machine_code(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        with Engine(tmp_path) as engine:
            engine.publish(program(), owner=OWNER, name="sample")
        (file,) = (tmp_path / COMPILED).iterdir()
        assert file.stat().st_mode & 0o777 == 0o600

        def compile_again(*_: object) -> None:
            raise AssertionError("it was compiled again")

        compiled._latest.clear()
        monkeypatch.setattr(compiled.wasmtime, "Module", _Loading(compile_again))
        with Engine(tmp_path) as engine:
            assert call(engine.database("sample"), "note").status == "committed"

    @pytest.mark.parametrize("place", [0, 40, -1])
    def test_damaged_machine_code_is_made_again(self, tmp_path: Path, place: int):
        with Engine(tmp_path) as engine:
            engine.publish(program(), owner=OWNER, name="sample")
        (file,) = (tmp_path / COMPILED).iterdir()
        content = bytearray(file.read_bytes())
        content[place] ^= 1
        file.write_bytes(content)
        compiled._latest.clear()
        with Engine(tmp_path) as engine:
            assert call(engine.database("sample"), "note").status == "committed"
        assert file.read_bytes() != content

    def test_a_folder_that_cannot_be_written(self, tmp_path: Path, caplog: pytest.LogCaptureFixture):
        (tmp_path / COMPILED).write_text("no folder")
        compiled._latest.clear()
        with Engine(tmp_path) as engine:
            engine.publish(program(), owner=OWNER, name="sample")
            assert call(engine.database("sample"), "note").status == "committed"
        assert "cannot be kept" in caplog.text

    def test_not_all_of_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(compiled, "MOST_FILES", 2)
        monkeypatch.setattr(compiled, "MOST_IN_MEMORY", 2)
        with Engine(tmp_path) as engine:
            for number in range(4):
                engine.publish(program(pages=number + 2), owner=OWNER, name=f"sample-{number}")
        assert len(list((tmp_path / COMPILED).iterdir())) == 2
        assert len(compiled._latest) == 2


class _Loading:
    """``wasmtime.Module`` that cannot compile."""

    def __init__(self, make: object) -> None:
        self._make = make
        self.deserialize = wasmtime.Module.deserialize

    def __call__(self, *given: object) -> object:
        return self._make(*given)  # type: ignore[operator]


def test_an_update_keeps_the_rows_and_adds_what_is_new():
    more = NOTES + '\n\n@table(name="other")\nclass Other:\n    n: u8\n'
    with Engine(None) as engine:
        engine.publish(program(), owner=OWNER, name="sample")
        database = engine.database("sample")
        call(database, "note")
        engine.publish(guest(more, {"note": [("tell", 1)]}), owner=OWNER, name="sample")
        assert rows(database, "note") == [(7,)]
        assert rows(database, "other") == []
        assert database.call("note", b"", ME).result().error == "1 "
