"""Modules in Python, built as WebAssembly, beside compiled ones: on the real server, in the same run.

The compiled one is SpacetimeDB's own test module ``sdk_test``, in Rust; the Python one has the same tables and
reducers, as far as they are called. What computes is beside code that a compiler could have made, and native Python.

Of a call's time in the server there are two figures, both the server's own: from the start of its transaction to the
end, with the commit, and of that what the module took, with the host functions that it called.
"""

from __future__ import annotations

import gc
import inspect
import os
import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import wasmtime

from bench import servers
from bench.http import Callers
from bench.peers.compiled_module import collatz_steps, compiled_module
from stdbpy.api import ApiClient
from stdbpy.module.load import load
from stdbpy.module.package import ModuleSource
from stdbpy.schema.definition import write_module_def
from stdbpy.wasm.abi import AbiLevel
from stdbpy.wasm.build import BuiltWasm, build_wasm
from tests import real_servers

CALLS = 200
ROUNDS = 25
CONNECTIONS = (1, 32)
INSERTS = 10_000
MOST = 20_000
"""Numbers that are counted down, for the computation."""
MORE_DATABASES = 5
INSTANCES = 200

HTTP_RATE, CALL_TIME, INSERTS_TIME = 0.85, 2.0, 3.0
INSTANTIATE_MS, MEGABYTES = 1.0, 90.0

_TABLES = """\
from stdbpy import ReducerContext, column, i32, reducer, table, u32


@table(public=True)
class PkU32:
    n: u32 = column(primary_key=True)
    data: i32


@table(name="btree_u32", public=True)
class BTreeU32:
    n: u32 = column(index="btree")
    data: i32


@reducer
def no_op_succeeds(ctx: ReducerContext) -> None:
    pass


@reducer
def insert_pk_u_32(ctx: ReducerContext, n: u32, data: i32) -> None:
    ctx.db.pk_u32.insert(PkU32(n=n, data=data))


@reducer
def insert_into_btree_u_32(ctx: ReducerContext, rows: list[BTreeU32]) -> None:
    for row in rows:
        ctx.db.btree_u32.insert(row)
"""

_COMPUTING = f"""\
from stdbpy import ReducerContext, reducer, u32, u64


{inspect.getsource(collatz_steps)}

@reducer
def compute(ctx: ReducerContext, most: u32, expected: u64) -> None:
    assert collatz_steps(most) == expected
"""


@dataclass(frozen=True)
class Contender:
    name: str
    database: str
    program: bytes = b""
    identity: str = ""


def main() -> None:
    if not os.environ.get(real_servers.SERVERS):
        print(f"(no real server to run them: {real_servers.SERVERS} is not set)")
        return
    compiled = Contender("Rust", "rust", real_servers.wasm("sdk_test-2.8.3"))
    with TemporaryDirectory(prefix="stdbpy-bench-") as folder:
        built = _built(_TABLES, Path(folder))
        python = Contender("Python", "python", built.program)
        computing = _built(_COMPUTING, Path(folder))
        others = [_built(f"{_TABLES}\nNUMBER = {number}\n", Path(folder)).program for number in range(MORE_DATABASES)]
    print(f"  {'size of the program':<46} {len(built.program) / 1e6:8.1f} MB")
    _compare_instances([compiled, python])
    with servers.real_process("2.8.3") as (running, process):
        _measure_memory(running, process, python, others)
    with servers.real("2.8.3") as running:
        callable = [_published(running, each) for each in (compiled, python)]
        _compare_calls(running, callable)
        _compare_times(running, callable)
        by_hand = compiled_module(write_module_def(load(_source(_COMPUTING)).schema))
        computers = [Contender("compiled", "compiled", by_hand), Contender("Python", "computing", computing.program)]
        _compare_computing(running, [_published(running, each) for each in computers])


def _source(text: str) -> ModuleSource:
    return ModuleSource({"bench_module.py": text.encode()}, "bench_module")


def _built(text: str, cache: Path) -> BuiltWasm:
    return build_wasm(_source(text), abi=AbiLevel.V10_5, cache=cache)


def _published(running: servers.Running, contender: Contender) -> Contender:
    with ApiClient(running.url, running.token, timeout=300) as api:
        identity = api.publish(contender.program, contender.database).database_identity
    return replace(contender, identity=identity.hex())


def _verdict(is_met: bool, bound: str) -> str:
    return f"  ({bound}: {'met' if is_met else 'MISSED'})"


def _at_most(value: float, most: float, unit: str = "") -> str:
    return _verdict(value <= most, f"at most {most:g}{unit}")


# --- without a server ----------------------------------------------------------------------------


def _compare_instances(contenders: list[Contender]) -> None:
    """As servers make them: what a function is compiled to, and the memory's first content, are shared."""
    print("an instance, in wasmtime")
    config = wasmtime.Config()
    config.consume_fuel = True
    config.epoch_interruption = True
    engine = wasmtime.Engine(config)
    for contender in contenders:
        module = wasmtime.Module(engine, contender.program)
        linker = wasmtime.Linker(engine)
        linker.allow_shadowing = True  # imports that a lower level has not are others of it
        for each in module.imports:
            assert isinstance(each.type, wasmtime.FuncType)
            linker.define_func(each.module, each.name or "", each.type, lambda *_: 0)
        times = []
        for _ in range(INSTANCES):
            store = wasmtime.Store(engine)
            store.set_epoch_deadline(1)
            store.set_fuel(1 << 40)
            begin = time.perf_counter()
            linker.instantiate(store, module)
            times.append(time.perf_counter() - begin)
            store.close()
        milliseconds = 1000 * statistics.median(times)
        target = _at_most(milliseconds, INSTANTIATE_MS, " ms") if contender.name == "Python" else ""
        print(f"  {contender.name:<46} {milliseconds:8.3f} ms{target}")
    gc.collect()


# --- memory --------------------------------------------------------------------------------------


def _measure_memory(running: servers.Running, process: int, python: Contender, others: list[bytes]) -> None:
    """The first database has the server compile its first program, which takes memory once."""
    print("memory of the server for a database, of another program each")
    _published(running, python)
    _call_some(running, python.database)
    before = _megabytes(process)
    for number, program in enumerate(others):
        _published(running, Contender("Python", f"more-{number}", program))
        _call_some(running, f"more-{number}")
    each = (_megabytes(process) - before) / len(others)
    print(f"  {'Python':<46} {each:8.1f} MB{_at_most(each, MEGABYTES, ' MB')}", flush=True)


def _call_some(running: servers.Running, database: str) -> None:
    with ApiClient(running.url, running.token) as api:
        for number in range(100):
            api.call(database, "insert_pk_u_32", [number, 0])


def _megabytes(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    kilobytes = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
    assert kilobytes is not None
    return int(kilobytes[1]) * 1024 / 1e6


# --- calls ---------------------------------------------------------------------------------------


def _compare_calls(running: servers.Running, contenders: list[Contender]) -> None:
    for connections in CONNECTIONS:
        print(f"HTTP calls that do nothing, connections: {connections}")
        callers = [
            Callers(running.url, running.token, each.database, "no_op_succeeds", [], connections) for each in contenders
        ]
        for each in callers:
            each.seconds(2 * CALLS)
        # Short rounds, one contender after the other, so that the machine's moods meet all of them alike.
        rounds = [[each.seconds(CALLS) for each in callers] for _ in range(ROUNDS)]
        for each in callers:
            each.close()
        for place, contender in enumerate(contenders):
            rate = CALLS / statistics.median(seconds[place] for seconds in rounds)
            ratio = statistics.median(seconds[0] / seconds[place] for seconds in rounds)
            target = f"  {ratio:5.2f} ×{_verdict(ratio >= HTTP_RATE, f'at least {HTTP_RATE:g}')}" if place else ""
            print(f"  {contender.name:<46} {rate:8.0f} calls/s{target}", flush=True)


@dataclass(frozen=True)
class _Spent:
    """Seconds in the server."""

    in_all: float
    in_module: float


def _compare_times(running: servers.Running, contenders: list[Contender]) -> None:
    numbers = iter(range(1 << 31))

    def insert_one(each: Contender, api: ApiClient) -> None:
        api.call(each.database, "insert_pk_u_32", [next(numbers), -5])

    def insert_many(each: Contender, api: ApiClient) -> None:
        rows = [{"n": next(numbers), "data": -5} for _ in range(INSERTS)]
        api.call(each.database, "insert_into_btree_u_32", [rows])

    def do_nothing(each: Contender, api: ApiClient) -> None:
        api.call(each.database, "no_op_succeeds", [])

    for what, reducer, call, calls, most in (
        ("a call that does nothing", "no_op_succeeds", do_nothing, CALLS, CALL_TIME),
        ("an insert", "insert_pk_u_32", insert_one, CALLS, CALL_TIME),
        (f"{INSERTS:,} inserts", "insert_into_btree_u_32", insert_many, 1, INSERTS_TIME),
    ):
        print(f"in the server: {what}")
        with ApiClient(running.url, running.token) as api:
            spent = [_spent(running, api, contenders, reducer, call, calls) for _ in range(ROUNDS)][ROUNDS // 5 :]
        _show_times(contenders, spent, most)


def _show_times(contenders: list[Contender], spent: list[list[_Spent]], most: float | None) -> None:
    for place, contender in enumerate(contenders):
        in_all = statistics.median(each[place].in_all for each in spent)
        in_module = statistics.median(each[place].in_module for each in spent)
        ratio = statistics.median(each[place].in_all / each[0].in_all for each in spent)
        target = f"  {ratio:6.2f} ×{_at_most(ratio, most) if most else ''}" if place else ""
        print(f"  {contender.name:<30} {in_module * 1e6:10.1f} of {in_all * 1e6:10.1f} µs{target}", flush=True)


def _spent(
    running: servers.Running,
    api: ApiClient,
    contenders: list[Contender],
    reducer: str,
    call: Callable[[Contender, ApiClient], None],
    calls: int,
) -> list[_Spent]:
    """What a call of each takes, on average of so many."""
    before = [_total(running, each, reducer) for each in contenders]
    for contender in contenders:
        for _ in range(calls):
            call(contender, api)
    after = [_total(running, each, reducer) for each in contenders]
    return [
        _Spent((late.in_all - early.in_all) / calls, (late.in_module - early.in_module) / calls)
        for early, late in zip(before, after, strict=True)
    ]


def _total(running: servers.Running, contender: Contender, reducer: str) -> _Spent:
    text = httpx.get(f"{running.url}/v1/metrics", trust_env=False).text

    def total(metric: str) -> float:
        labels = f'{{db="{contender.identity}",reducer="{reducer}"}}'
        found = re.search(rf"^{metric}{re.escape(labels)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    return _Spent(
        total("spacetime_reducer_plus_query_duration_sec_sum"),
        total("reducer_wasm_time_usec") / 1e6,
    )


# --- computing -----------------------------------------------------------------------------------


def _compare_computing(running: servers.Running, contenders: list[Contender]) -> None:
    expected = collatz_steps(MOST)
    print(f"computing: {expected:,} steps of a loop")

    def compute(each: Contender, api: ApiClient) -> None:
        api.call(each.database, "compute", [MOST, expected])

    spent: list[list[_Spent]] = []
    with ApiClient(running.url, running.token) as api:
        for _ in range(5):
            begin = time.perf_counter()
            collatz_steps(MOST)
            native = time.perf_counter() - begin
            spent.append([*_spent(running, api, contenders, "compute", compute, 1), _Spent(native, native)])
    _show_times([*contenders, Contender("native Python", "")], spent, None)


if __name__ == "__main__":
    main()
