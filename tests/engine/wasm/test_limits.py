"""What WebAssembly modules cannot do to the process that they run in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from time import monotonic

import pytest

from stdbpy.engine import Database, Engine
from stdbpy.engine.limits import Limits
from stdbpy.errors import ProgramUnusable
from tests.engine.sample import ME, OWNER, call, rows
from tests.guests import ERROR, OUT, ROOM, Data, Load, Step, guest

NOTES = """
@table(name="note", public=True)
class Note:
    id: u32


@reducer
def note(ctx: ReducerContext) -> None: ...


@reducer
def crash(ctx: ReducerContext) -> None: ...
"""

INSERT: list[Step] = [
    ("table_id_from_name", Data(b"note"), OUT),
    ("store", ROOM, 7),
    ("store", OUT + 4, 4),
    ("datastore_insert_bsatn", Load(OUT), ROOM, OUT + 4),
]
DONE = "(return (i32.const 0))"
FOR_EVER = "(loop $again (br $again))"

WRITE = f"(call $bytes_sink_write {ERROR} (i32.const 1) (i32.const 8))"

SHORT = Limits(seconds=0.1, memory_bytes=1 << 20)


@contextmanager
def running(crash: list[Step], limits: Limits = SHORT, more: str = "", pages: int = 4) -> Iterator[Database]:
    """A database whose reducer ``note`` keeps a row, and whose reducer ``crash`` does that and these steps."""
    program = guest(NOTES, {"note": [*INSERT, DONE], "crash": [*INSERT, *crash]}, more=more, pages=pages)
    with Engine(None, limits=limits) as engine:
        engine.publish(program, owner=OWNER, name="sample")
        yield engine.database("sample")


def last_line(database: Database) -> dict[str, object]:
    line: dict[str, object] = json.loads(database.logs.tail(1)[0])
    return line


def expect_undone(database: Database) -> None:
    """Nothing of what the reducer did has stayed, and the module goes on."""
    assert rows(database, "note") == []
    assert call(database, "note").status == "committed"
    assert rows(database, "note") == [(7,)]


@pytest.mark.difference("a reducer or view that does not end")
def test_a_reducer_that_does_not_end_is_stopped():
    with running([FOR_EVER]) as database:
        outcome = call(database, "crash")
        assert outcome.status == "failed"
        assert outcome.error == "crash was stopped: it ran for more than 0.1 seconds"
        assert last_line(database)["message"] == outcome.error
        expect_undone(database)


def test_a_time_that_is_up_counts_from_the_beginning_of_each_call():
    once_more = "(br_if $on (local.tee $args (i32.sub (local.get $args) (i32.const 1))))"
    pause = f"(local.set $args (i32.const 3000000)) (loop $on {once_more})"
    with running([pause, DONE], Limits(seconds=0.25)) as database:
        until = monotonic() + 0.6
        while monotonic() < until:
            assert call(database, "crash").status == "committed"


def test_other_databases_go_on_meanwhile():
    with running([FOR_EVER], Limits(seconds=2)) as stuck, running([FOR_EVER]) as database:
        waiting = stuck.call("crash", b"", ME)
        call(database, "note")
        assert not waiting.done()
        assert waiting.result().status == "failed"


def test_memory_is_bounded():
    grow: list[Step] = [("tell", "(memory.grow (i32.const 12))"), ("tell", "(memory.grow (i32.const 1))")]
    with running(grow) as database:
        assert call(database, "crash").error == "0 0 4 -1 "
        expect_undone(database)


def test_memory_that_has_grown_can_be_used():
    beyond = 10 * 65536
    grown: list[Step] = [
        ("tell", "(memory.grow (i32.const 8))"),
        ("table_id_from_name", Data(b"note"), beyond),
        ("tell", f"(i32.eq (i32.load (i32.const {beyond})) (i32.load (i32.const {OUT})))"),
        ("table_id_from_name", Data(b"note"), beyond + 2 * 65536 - 3),
    ]
    with running(grown[:3]) as database:
        assert call(database, "crash").error == "0 0 4 0 1 "
    with running(grown) as database:
        assert call(database, "crash").error == "The instance encountered a fatal error."


def test_a_module_whose_memory_is_too_large_from_the_start():
    with pytest.raises(ProgramUnusable, match="memory"), running([], pages=17):
        pass


def test_a_module_that_does_not_end_as_soon_as_there_is_an_instance_is_stopped():
    start = f"(func $start {FOR_EVER}) (start $start)"
    with pytest.raises(ProgramUnusable, match="interrupt"), running([], more=start):
        pass


@pytest.mark.parametrize(
    "step",
    [
        "(drop (call $deep (i32.const 1)))",
        "(loop $on (drop (call $datastore_table_scan_bsatn (i32.load (i32.const 1024)) (i32.const 1040))) (br $on))",
        "(loop $on (drop (call $console_timer_start (i32.const 1024) (i32.const 4))) (br $on))",
        f"(i32.store (i32.const 8) (i32.const 99999)) (loop $on (drop {WRITE}) (br $on))",
    ],
    ids=["stack", "iterators", "timers", "answer"],
)
def test_greed_ends_the_call_alone(step: str):
    more = "(func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))"
    with running([step], Limits(seconds=20), more=more) as database:
        assert call(database, "crash").error == "The instance encountered a fatal error."
        expect_undone(database)


@pytest.mark.difference("a crash that a module does not tell itself")
def test_the_reason_for_a_crash_stands_in_the_log():
    with running(["(unreachable)"]) as database:
        assert call(database, "crash").error == "The instance encountered a fatal error."
        line = last_line(database)
    assert line["level"] == "Panic"
    assert line["function"] == "crash"
    assert "unreachable" in str(line["message"])
    assert line["trace"] == [{"func_name": "r0"}, {}]


def test_a_panic_that_a_module_has_told_is_told_once():
    tell: Step = ("console_log", 101, 0, 0, Data(b"lib.rs"), 7, Data(b"oh no"))
    with running([tell, "(unreachable)"]) as database:
        call(database, "crash")
        line = last_line(database)
    line.pop("ts")
    assert line == {
        "level": "Panic",
        "filename": "lib.rs",
        "line_number": 7,
        "function": "crash",
        "message": "oh no",
        "trace": [{"func_name": "r0"}, {}],
    }


def test_a_module_may_tell_of_several_panics():
    tell: Step = ("console_log", 101, 0, 0, 0, 0, -1, Data(b"oh no"))
    with running([tell, tell, DONE]) as database:
        for _ in range(2):
            assert call(database, "crash").status == "committed"
        traces = [json.loads(line)["trace"] for line in database.logs.tail(4)]
    assert traces == [[{"func_name": "r0"}, {}]] * 4


def test_instances_are_given_back():
    """Each has addresses for all that its memory could grow to, and there are not so many."""
    with running(["(unreachable)"]) as database:
        for _ in range(300):
            call(database, "crash")
        expect_undone(database)


def test_calls_from_several_threads_do_not_mix_up_their_failures():
    with running(["(unreachable)"]) as one, running([("identity", 0)]) as other:
        errors: list[str] = []

        def keep_crashing(database: Database, reason: str) -> None:
            for _ in range(100):
                call(database, "crash")
                if reason not in str(last_line(database)["message"]):
                    errors.append(database.logs.tail(1)[0])

        started = [_started(keep_crashing, one, "unreachable"), _started(keep_crashing, other, "null pointer")]
        for thread in started:
            thread.join()
    assert errors == []


def _started(function: Callable[..., None], *args: object) -> Thread:
    thread = Thread(target=function, args=args)
    thread.start()
    return thread
