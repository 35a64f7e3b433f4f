"""The packaged runtime: boots, runs Python, and hands calls over in both directions."""

from __future__ import annotations

import marshal
from collections.abc import Callable

import pytest

wasmtime = pytest.importorskip("wasmtime")

from stdbpy.engine.host_wasm.signatures import EXPORTS, IMPORTS, type_of  # noqa: E402 - needs wasmtime
from tests.wasm.booted import ANSWERING, Booted, compiled  # noqa: E402

Answer = Callable[..., int | None]


@pytest.fixture
def guest() -> Booted:
    return loaded(Booted())


def loaded(booted: Booted) -> Booted:
    code, result = booted.load()
    assert code == 0, result
    return booted


# --- what it asks of a host, and offers it -------------------------------------------------------


def test_imports_nothing_but_functions_of_the_host() -> None:
    _, module = compiled()

    for one in module.imports:
        assert IMPORTS[one.module][one.name] == type_of(one.type), one.name


def test_exports_what_hosts_call() -> None:
    _, module = compiled()
    exports = {one.name: one.type for one in module.exports}

    assert {name: type_of(exports[name]) for name in EXPORTS} == EXPORTS


def test_functions_above_level_10_0_are_called_by_one_exported_function_each() -> None:
    _, module = compiled()
    exports = {one.name: type_of(one.type) for one in module.exports if one.name.startswith("abi ")}

    above = [one for one in module.imports if one.module != "spacetime_10.0"]
    assert exports == {f"abi {one.module.removeprefix('spacetime_')} {one.name}": type_of(one.type) for one in above}
    assert len(exports) == 11


# --- building ------------------------------------------------------------------------------------


def test_what_is_printed_goes_to_the_log() -> None:
    booted = Booted()

    code, result = booted.load("import sys, json\nprint('one\\ntwo')\nprint(json.dumps([1]), file=sys.stderr, end='')")

    assert code == 0
    assert booted.log == [(2, "one"), (2, "two"), (0, "[1]")]
    assert result["modules"][-1] == "program"
    assert "json.encoder" in result["modules"]


@pytest.mark.long
def test_compiling_takes_as_many_instructions_for_each_line_of_a_longer_file() -> None:
    booted = Booted(counts=True)

    def instructions(lines: int) -> int:
        source = "".join(["X = [\n", *["(1, '1', 1.5),\n"] * lines, "]\n"])
        before = booted.store.get_fuel()
        code, result = booted.step("build_compile", marshal.dumps({"long": (source.encode(), "long.py")}, 2))
        assert code == 0, result
        return before - booted.store.get_fuel()

    instructions(10)
    assert instructions(16_000) < 6 * instructions(4_000)


def test_an_exception_at_import_is_told_with_its_place() -> None:
    booted = Booted()

    code, result = booted.load("def fail():\n    return 1 / 0\n\nfail()")

    error = result["error"]
    assert code == 1
    assert (error["type"], error["message"]) == ("ZeroDivisionError", "division by zero")
    assert (error["file"], error["line"]) == ("src/program.py", 2)
    assert error["traceback"].startswith('Traceback (most recent call last):\n  File "src/program.py", line 4')
    assert "    return 1 / 0\n" in error["traceback"]
    assert "<frozen" not in error["traceback"]


def test_a_syntax_error_is_told_with_its_place() -> None:
    code, result = Booted().load("a = 1\nb = = 2")

    assert code == 1
    assert (result["error"]["type"], result["error"]["file"], result["error"]["line"]) == (
        "SyntaxError", "src/program.py", 2,
    )  # fmt: skip


def test_an_import_of_what_is_left_out_says_why() -> None:
    code, result = Booted().load("import asyncio")

    assert code == 1
    assert (result["error"]["type"], result["error"]["name"]) == ("ModuleNotFoundError", "asyncio")
    assert result["error"]["message"].startswith("'asyncio' is not there in WebAssembly: a module has no event loop")


@pytest.mark.parametrize("name", ["socket", "http.client", "zlib", "subprocess", "multiprocessing.pool", "unittest"])
def test_left_out(guest: Booted, name: str) -> None:
    message = guest.run(f"try: import {name}\nexcept ModuleNotFoundError as error: answer = str(error)")

    assert "is not there in WebAssembly" in message


@pytest.mark.parametrize("statement", ["import urllib.request", "from urllib import request"])
def test_parts_of_packages_that_are_left_out(guest: Booted, statement: str) -> None:
    message = guest.run(f"try: {statement}\nexcept ModuleNotFoundError as error: answer = f'{{error.name}}: {{error}}'")

    assert message.startswith("urllib.request: 'urllib.request' is not there in WebAssembly: a module reaches the")


def test_packages_have_no_names_of_what_is_left_out(guest: Booted) -> None:
    assert guest.ask("[hasattr(__import__('urllib'), name) for name in ('request', 'pears', '__path__')]") == [
        *(False, False, True)
    ]


def test_compiled_ahead_of_time() -> None:
    booted = Booted()

    code, result = booted.step("build_compile", marshal.dumps({"program": (ANSWERING.encode(), "src/program.py")}, 2))
    assert code == 0
    files = {"program": (False, "code", result["code"]["program"], "src/program.py")}
    code, result = booted.step("build_load", marshal.dumps({"files": files, "entry": "program"}, 2))

    assert code == 0
    assert booted.ask("1 + 1") == 2


def test_settings_and_kept_modules() -> None:
    booted = Booted()

    booted.load(
        ANSWERING + "import _stdbpy_boot\nprint(_stdbpy_boot.settings['module'])",
        settings={"module": "game"},
        keep=["colorsys"],
    )

    assert booted.log == [(2, "game")]
    assert booted.ask("__import__('colorsys').__name__") == "colorsys"
    failing = "try: import {}\nexcept ModuleNotFoundError as error: answer = str(error)"
    for name in ("difflib", "_csv", "unicodedata"):
        assert booted.run(failing.format(name)) == (
            f"{name!r} is not in this program: no import in the module's source names it"
        )
    assert booted.run(failing.format("pears")) == "No module named 'pears'"


def test_of_the_modules_in_c_it_is_told_which_nothing_needs() -> None:
    booted = Booted()

    code, result = booted.load("import sys, math, _csv\ndel sys.modules['_csv']\nimport colorsys", keep=["cmath"])

    assert code == 0
    assert {"unicodedata", "_decimal", "_pickle", "zipimport"} <= set(result["unused"])
    assert not {"math", "cmath", "_csv", "_io", "builtins", "gc"} & set(result["unused"])
    assert "os" in result["unused"]  # its code has run


def test_large_numbers_need_no_module(guest: Booted) -> None:
    assert guest.ask("((1 << 40000) // ((1 << 20000) - 1)).bit_length()") == 20001


def test_carets_of_tracebacks_stand_below_what_failed(guest: Booted) -> None:
    text = guest.run(
        "import traceback, linecache\n"
        "source = 'x = len(\"日本\") + {}[1]\\n'\n"
        "linecache.cache['w.py'] = (len(source), None, [source], 'w.py')\n"
        "try: exec(compile(source, 'w.py', 'exec'))\n"
        "except KeyError: answer = traceback.format_exc()"
    )

    line, carets = [each for each in text.splitlines() if "日本" in each or "~" in each]
    assert carets.index("~") == line.index("{") + 2  # either character is as wide as two


def test_the_same_program_gives_the_same_memory() -> None:
    first, second = loaded(Booted()), loaded(Booted())

    assert first.call("build_scrub") == second.call("build_scrub") == 0

    size = first._memory.data_len(first.store)
    assert first.read(0, size) == second.read(0, size)
    assert size < 24 << 20


def test_works_after_the_scrub(guest: Booted) -> None:
    guest.call("build_scrub")

    assert guest.ask("sorted(str(i) * 100 for i in range(3000))[-1][:3]") == "999"


# --- the interpreter -----------------------------------------------------------------------------

# Not here: what overflows the stack of CPython anywhere, such as the hash of a tuple of 100,000 nested ones.
RECURSIONS = {
    "calls": "def f(n): return f(n + 1)\nf(0)",
    "sorted": "def f(n): return sorted([n], key=f)\nf(0)",
    "repr": "x = []\nfor _ in range(100000): x = [x]\nrepr(x)",
    "eq": "def nest():\n  x = []\n  for _ in range(100000): x = [x]\n  return x\nnest() == nest()",
    "getattr": "class G:\n  def __getattr__(self, name): return getattr(self, name + 'x')\nG().x",
    "json.loads": "import json\njson.loads('[' * 100000)",
    "json.dumps": "import json\nx = []\nfor _ in range(100000): x = [x]\njson.dumps(x)",
    "pickle": "import pickle\nx = []\nfor _ in range(100000): x = [x]\npickle.dumps(x)",
    "re": "import re\nre.compile('(' * 5000 + ')' * 5000)",
    "compile": "compile('a' + '.b' * 100000, 'x', 'eval')",
    "literal": "compile('+'.join(['1'] * 20000), 'x', 'eval')",
    "isinstance": "x = (int,)\nfor _ in range(100000): x = (x,)\nisinstance('', x)",
    "partial": "import functools\ndef f(): return functools.partial(f)()\nf()",
    "map": "def f(n): return list(map(f, [n]))\nf(0)",
    "class": "class A:\n  def __repr__(self): return f'{A()!r}'\nrepr(A())",
    "format": "class A:\n  def __format__(self, spec): return f'{self:{spec}}'\nf'{A()}'",
    "property": "class A:\n  x = property(lambda self: self.x)\nA().x",
    "new": "class A:\n  def __init__(self): A()\nA()",
    "import": "exec('def f(): exec(\"f()\", globals())\\nf()', globals())",
    "deepcopy": "import copy\nx = []\nfor _ in range(100000): x = [x]\ncopy.deepcopy(x)",
    "del": "x = None\nfor _ in range(100000): x = [x]\ndel x\nraise RecursionError",
    "generators": "def f(): yield from f()\nlist(f())",
    "match": "import ast\nast.literal_eval('-' * 100000 + '1')",
    "brackets": "eval('(' * 5000 + ')' * 5000)",
}


@pytest.mark.parametrize("name", RECURSIONS)
def test_recursion_without_end_is_an_exception(guest: Booted, name: str) -> None:
    source = (
        f"try: exec({RECURSIONS[name]!r})\nexcept (RecursionError, MemoryError) as error: answer = type(error).__name__"
    )

    assert guest.run(source) in ("RecursionError", "MemoryError")
    assert guest.ask("1 + 1") == 2


def test_running_out_of_memory_is_an_exception() -> None:
    guest = loaded(Booted(memory_bytes=64 << 20))

    assert guest.run(
        "x = []\ntry:\n  while 1: x.append(bytes(1 << 20))\nexcept MemoryError: answer = str(len(x)); del x"
    )
    assert guest.run(
        "x = []\ntry:\n  while 1: x.append({i: str(i) for i in range(1000)})\nexcept MemoryError: answer = 'y'; del x"
    )
    assert guest.ask("len(bytes(10 << 20))") == 10 << 20


def test_memory_has_an_end_even_if_the_host_sets_none(guest: Booted) -> None:
    assert guest.run("try: bytes(1 << 30)\nexcept MemoryError: answer = 'ended'") == "ended"


def test_clocks_stand_where_they_are_set(guest: Booted) -> None:
    set_clock = "host.set_clock(1_700_000_000_123_456)"
    assert guest.ask("__import__('time').time_ns()") == 1_000_000_000, "the call's own time"

    assert guest.ask(f"({set_clock}, __import__('time').time_ns())[1]") == 1_700_000_000_123_456_000
    told = guest.ask(f"({set_clock}, str(__import__('datetime').datetime.now(__import__('datetime').UTC)))[1]")
    assert told == "2023-11-14 22:13:20.123456+00:00"
    assert guest.ask(f"({set_clock}, __import__('time').monotonic_ns())[1]") == 1_700_000_000_123_456_000


def test_what_timeouts_are_measured_by_goes_on(guest: Booted) -> None:
    """A call that looks until some time is over comes to an end; the time itself stands still."""
    assert guest.ask("[__import__('time').monotonic_ns() for _ in range(3)]") == [
        *(1_000_000_000, 1_000_001_000, 1_000_002_000)
    ]
    assert guest.run(
        "import time, itertools\n"
        "end = time.monotonic() + 0.001\n"
        "answer = str(next(step for step in itertools.count() if time.monotonic() >= end))"
    ) in ("998", "999", "1000")
    assert guest.ask("__import__('time').time_ns()") == 1_000_000_000
    later = "host.set_clock(1_700_000_000_000_000), __import__('time').monotonic_ns()"
    assert guest.ask(f"({later})[1]") == 1_700_000_000_000_000_000
    assert guest.ask("__import__('time').monotonic_ns()") == 1_700_000_000_000_001_000


WAITING = {
    "queue": ("import queue\nwaiting = lambda: queue.Queue().get({})", "timeout=3600", "Empty"),
    "simple queue": ("import queue\nwaiting = lambda: queue.SimpleQueue().get({})", "timeout=3600", "Empty"),
    "lock": (
        """\
import threading
lock = threading.Lock()
def waiting():
    while lock.acquire({}): pass
    raise TimeoutError
""",
        "timeout=3600",
        "TimeoutError",
    ),
    "condition": (
        """\
import threading
def waiting():
    condition = threading.Condition()
    with condition:
        if not condition.wait_for(bool{}): raise TimeoutError
""",
        ", 3600",
        "TimeoutError",
    ),
    "event": (
        """\
import threading
def waiting():
    if not threading.Event().wait({}): raise TimeoutError
""",
        "3600",
        "TimeoutError",
    ),
}
"""What defines ``waiting``, the timeout, and what is raised when that is over."""


@pytest.mark.parametrize("kind", WAITING)
def test_waiting_for_other_threads_ends(guest: Booted, kind: str) -> None:
    source, timeout, raised = WAITING[kind]
    asking = "\ntry: waiting()\nexcept Exception as error: answer = f'{type(error).__name__}: {error}'"

    assert guest.run(source.format(timeout) + asking).startswith(f"{raised}:")
    assert guest.run(source.format("") + asking) == (
        "RuntimeError: nobody would end this wait: there are no other threads in a SpacetimeDB module"
    )
    assert guest.run(source.format(timeout) + asking).startswith(f"{raised}:")


def test_a_lock_that_was_waited_for_can_be_released(guest: Booted) -> None:
    guest.run(
        "import threading\nlock = threading.Lock()\nlock.acquire()\n"
        "try: lock.acquire()\nexcept RuntimeError: lock.release()\n"
        "answer = str(lock.acquire(timeout=1))"
    )

    assert guest.sinks[8] == b"True"


def test_uses_of_time_and_chance_are_told(guest: Booted) -> None:
    told = guest.run(
        "import os, time, random\nuses = []\n"
        "def use(of): uses.append(of); time.time()\n"
        "host.tell_of_uses(use)\n"
        "time.time(), os.urandom(3)\n"
        "try: {}[1]\nexcept KeyError: random.Random()\n"
        "host.tell_of_uses(None)\n"
        "time.time()\nanswer = ' '.join(dict.fromkeys(uses))"
    )

    assert told == "time chance"


def test_the_class_of_capsules(guest: Booted) -> None:
    assert guest.ask("__import__('types').CapsuleType.__name__") == "PyCapsule"
    assert guest.ask("type(__import__('datetime').datetime_CAPI) is __import__('types').CapsuleType")


def test_a_line_that_has_no_end_ends_with_the_call(guest: Booted) -> None:
    guest.run("import sys\nsys.stdout.write('one ')\nsys.stdout.write('two')\nsys.stderr.write('three')")
    guest.run("print('four')")

    assert guest.log == [(2, "one two"), (0, "three"), (2, "four")]


def test_a_line_that_has_no_end_is_told_before_the_call_is_given_up(guest: Booted) -> None:
    with pytest.raises(wasmtime.Trap):
        guest.run("import sys\nsys.stdout.write('one')\nhost.trap()")

    assert guest.log == [(2, "one")]


def test_random_bytes_follow_from_the_seed(guest: Booted) -> None:
    drawing = "str(__import__('uuid').uuid4()) + __import__('os').urandom(9).hex()"

    def drawn(seed: int) -> str:
        answer: str = guest.ask(f"(host.seed_random({seed}), {drawing})[1]")
        return answer

    assert drawn(5) == drawn(5) != drawn(6)
    assert guest.ask(drawing) == guest.ask(drawing), "of the same call"


def test_nothing_waits(guest: Booted) -> None:
    message = guest.run("import time\ntry: time.sleep(1)\nexcept RuntimeError as error: answer = str(error)")

    assert message.startswith("time.sleep cannot wait in a SpacetimeDB module")


def test_there_are_no_files(guest: Booted) -> None:
    assert (
        guest.run("try: open('/etc/passwd')\nexcept OSError as error: answer = type(error).__name__")
        == "FileNotFoundError"
    )


@pytest.mark.parametrize(
    "source",
    [
        "__import__('decimal').Decimal(1) / 7",
        "__import__('re').sub(r'(\\w+) (\\w+)', r'\\2 \\1', 'a b')",
        "__import__('hashlib').sha256(b'x').hexdigest()",
        "__import__('hashlib').blake2b(b'x').hexdigest()",
        "__import__('statistics').mean([1, 2, 3])",
        "__import__('unicodedata').normalize('NFC', 'e\\u0301')",
        "__import__('tomllib').loads('a = 1')",
        "__import__('csv').reader(['a,b']).__next__()",
        "__import__('urllib.parse', fromlist=['x']).quote('ä')",
        "__import__('email.message', fromlist=['x']).EmailMessage()",
        "__import__('zoneinfo').available_timezones()",
        "__import__('logging').getLogger().warning('x')",
        "__import__('pickle').loads(__import__('pickle').dumps({1: 'a'}))",
        "__import__('inspect').signature(lambda a, b=1: a)",
        "__import__('datetime').datetime.strptime('2024-01-02', '%Y-%m-%d')",
        "__import__('random').Random(1).random()",
        "__import__('contextlib').ExitStack()",
        "__import__('concurrent.futures', fromlist=['x']).Future()",
        "__import__('dataclasses').make_dataclass('P', ['x'])(1)",
        "__import__('threading').Lock()",
        "__import__('html').escape('<')",
        "__import__('http').HTTPStatus(200)",
        "__import__('ipaddress').ip_address('::1')",
        "__import__('graphlib').TopologicalSorter({1: [2]}).prepare()",
        "'é'.encode('cp1252')",
    ],
)
def test_works(guest: Booted, source: str) -> None:
    assert guest.ask(f"bool([{source}])") is True


# --- calls of the host ---------------------------------------------------------------------------


def test_the_entry_is_given_what_the_host_gives(guest: Booted) -> None:
    assert guest.ask("(id, sender.hex(), connection_id.hex(), timestamp)") == (
        3,
        "".join(number.to_bytes(8, "little").hex() for number in (1, 2, 3, 4)),
        "".join(number.to_bytes(8, "little").hex() for number in (5, 6)),
        1_000_000,
    )


def test_each_kind_of_call(guest: Booted) -> None:
    guest.sources |= {1: b"arguments", 2: b"body"}
    sinks = guest.sinks

    guest.call("__describe_module__", 10)
    assert sinks[10] == b"described"
    assert guest.call("__call_view__", 1, 1, 0, 0, 0, 1, 11) == 2
    assert sinks[11] == (1).to_bytes(32, "little") + b"arguments"
    assert guest.call("__call_view_anon__", 1, 0, 12) == 1
    assert sinks[12] == b"no argument"
    guest.sources[1] = b"arguments"
    assert guest.call("__call_procedure__", 9, 0, 0, 0, 0, 0, 0, 77, 1, 13) == 0
    assert sinks[13].startswith(b"(9, ") and sinks[13].endswith(b"77, b'arguments')")
    guest.sources[1] = b"request"
    assert guest.call("__call_http_handler__", 1, 77, 1, 2, 14, 15) == 0
    assert (sinks[14], sinks[15]) == (b"tseuqer", b"ydob")


def test_an_exception_that_the_entry_lets_out_traps(guest: Booted) -> None:
    with pytest.raises(wasmtime.Trap):
        guest.run("raise ValueError('lost')")

    [(level, message)] = guest.log
    assert level == 101
    assert message.endswith("ValueError: lost")
    assert 'File "asked.py", line 1' in message


def test_a_call_before_a_module_is_loaded_traps() -> None:
    booted = Booted()

    with pytest.raises(wasmtime.Trap):
        booted.call("__describe_module__", 1)

    assert booted.log[0][1].endswith("RuntimeError: no module is loaded to describe")


@pytest.mark.parametrize("level", [0, 6])
def test_long_arguments(level: int) -> None:
    guest = loaded(Booted(abi_level=level))
    asked = []
    remaining = guest.functions["bytes_source_remaining_length"]
    guest.functions["bytes_source_remaining_length"] = lambda *given: (asked.append(1), remaining(*given))[1]

    assert guest.run("answer = 'ä'" + " " * 500_000) == "ä"
    assert bool(asked) == (level == 6)


def test_setup_has_nothing_to_do(guest: Booted) -> None:
    assert guest.call("__setup__", 1) == 0


@pytest.mark.parametrize(("source", "code"), [(ANSWERING, 0), ("1 / 0", 1)])
def test_an_appended_program_is_loaded_at_setup(source: str, code: int) -> None:
    booted = Booted()
    files = {"program": (False, "source", source.encode(), "src/program.py")}
    content = marshal.dumps({"files": files, "entry": "program"}, 2)
    at, slot = booted.call("build_alloc", len(content)), booted.call("build_appended_program")
    booted.write(at, content)
    booted.write_number(slot, at)
    booted.write_number(slot + 4, len(content))

    assert booted.call("__setup__", 9) == code
    assert booted.sinks.get(9, b"").endswith(b"ZeroDivisionError: division by zero" if code else b"")
