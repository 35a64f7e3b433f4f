"""Memory written into a module: an instance begins with it, and nothing else of the build is left."""

from __future__ import annotations

import wasmtime
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.wasm import snapshot
from stdbpy.wasm.binary import PAGE_BYTES, BinaryModule
from stdbpy.wasm.snapshot import segments, with_memory

RUNTIME = BinaryModule.read(
    bytes(
        wasmtime.wat2wasm("""(module
          (memory (export "memory") 2 9)
          (global $stack (mut i32) (i32.const 4096))
          (data (i32.const 4096) "frozen module, kept")
          (func (export "__describe_module__") (param i32))
          (func (export "build_boot")))""")
    )
)


def memory_of(program: BinaryModule) -> bytes:
    store = wasmtime.Store()
    exports = wasmtime.Instance(store, wasmtime.Module(store.engine, program.write()), []).exports(store)
    return bytes(exports["memory"].read(store))


@given(st.lists(st.tuples(st.integers(1, 40), st.binary(max_size=40)), max_size=60))
def test_memory_comes_back(pieces: list[tuple[int, bytes]]) -> None:
    written = b"".join(bytes(zeros) + data for zeros, data in pieces)
    memory = bytes(4096) + written + bytes(3 * PAGE_BYTES - 4096 - len(written))

    assert memory_of(with_memory(RUNTIME, memory)) == memory
    assert all(segment.data[0] and segment.data[-1] for segment in segments(memory))


def test_only_what_hosts_call_is_exported() -> None:
    program = with_memory(RUNTIME, bytes(2 * PAGE_BYTES))

    assert [each.name for each in program.exports] == ["memory", "__describe_module__"]
    assert program.memories == [snapshot.Memory(2, 9)]


def test_the_stack_and_what_nothing_reads_any_more_are_left_out() -> None:
    memory = b"\xff" * 4096 + b"frozen module, kept" + b"heap"
    memory += bytes(2 * PAGE_BYTES - len(memory))

    program = with_memory(RUNTIME, memory, unused=[(4096, len("frozen module"))])

    assert memory_of(program).strip(b"\0") == b", kept" + b"heap"


def test_hosts_take_the_number_of_segments(monkeypatch) -> None:
    monkeypatch.setattr(snapshot, "MOST_SEGMENTS", 10)
    memory = (b"\1" + bytes(20)) * 30 + (b"\2" + bytes(100)) * 9

    found = segments(memory)

    assert len(found) == 9
    assert all(memory[each.offset : each.offset + len(each.data)] == each.data for each in found)
    assert sum(each.data.count(b"\1") + each.data.count(b"\2") for each in found) == 39
