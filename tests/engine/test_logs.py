from __future__ import annotations

import json
import os
from threading import Thread

import pytest

from stdbpy.engine import log_files, logs
from stdbpy.engine.logs import LogStore
from stdbpy.module.host import LogLevel
from tests.engine.sample import Clock

DAY = 24 * 60 * 60


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(params=["memory", "disk"])
def store(request, tmp_path, clock):
    store = LogStore(tmp_path / "logs" if request.param == "disk" else None, clock=clock)
    yield store
    store.close()


def messages(lines):
    return [json.loads(line)["message"] for line in lines]


def test_a_line_has_what_the_real_server_writes(store, clock):
    store.write(LogLevel.WARN, 'hé\n"x"', target="game", filename="game.py", line_number=7, function="play")
    store.write(LogLevel.DEBUG, "bare")
    first, second = store.tail()
    assert first == (
        f'{{"level":"Warn","ts":{int(clock.now)},"target":"game","filename":"game.py","line_number":7,'
        f'"function":"play","message":"hé\\n\\"x\\""}}'
    )
    assert second == f'{{"level":"Debug","ts":{int(clock.now)},"message":"bare"}}'


def test_a_panic_has_a_trace(store):
    store.write(LogLevel.PANIC, "oh", function="play", trace=[("game.py", "play"), ("rules.py", "check")])
    store.write(LogLevel.PANIC, "oh")
    first, second = map(json.loads, store.tail())
    assert first["trace"] == [
        {"module_name": "game.py", "func_name": "play"},
        {"module_name": "rules.py", "func_name": "check"},
    ]
    assert (second["level"], second["trace"]) == ("Panic", [])


def test_system_lines(store):
    store.system("hello")
    store.system("no", level=LogLevel.ERROR, function="play")
    first, second = map(json.loads, store.tail())
    assert {first[name] for name in ("target", "filename", "function")} == {"__spacetimedb__"}
    assert (second["level"], second["function"], second["target"]) == ("Error", "play", "__spacetimedb__")


@pytest.mark.parametrize(
    ("count", "expected"), [(0, ""), (1, "4"), (2, "34"), (4, "1234"), (5, "01234"), (100, "01234"), (None, "01234")]
)
def test_the_last_lines(store, count, expected):
    for number in range(5):
        store.system(str(number))
    assert "".join(messages(store.tail(count))) == expected


def test_an_empty_log(store):
    assert store.tail() == store.tail(10) == []


def test_lone_surrogates_do_not_stop_it(store):
    store.system("\ud800")
    assert len(store.tail()) == 1


def test_long_logs_are_read_from_their_end(tmp_path, monkeypatch):
    monkeypatch.setattr(log_files, "PIECE_BYTES", 100)
    store = LogStore(tmp_path)
    for number in range(50):
        store.system(f"{number} " + "x" * (number * 7))
    for count in range(52):
        assert store.tail(count) == (store.tail()[-count:] if count else [])
    store.close()


def test_lines_are_kept_by_day(tmp_path, clock):
    store = LogStore(tmp_path, clock=clock)
    store.system("monday")
    clock.advance(DAY)
    store.system("tuesday")
    assert messages(store.tail()) == ["tuesday"]
    store.close()
    assert [file.name for file in sorted(tmp_path.iterdir())] == ["2023-11-14.log", "2023-11-15.log"]
    store = LogStore(tmp_path, clock=clock)
    store.system("tuesday, after a restart")
    assert len(store.tail()) == 2
    store.close()


def test_old_days_go_when_there_is_too_much(tmp_path, clock, monkeypatch):
    monkeypatch.setattr(log_files, "DISK_BYTES", 2500)
    store = LogStore(tmp_path, clock=clock)
    for _ in range(5):
        store.system("x" * 1000)
        clock.advance(DAY)
    store.close()
    assert len(list(tmp_path.iterdir())) == 3


def test_a_day_that_says_much_is_kept_in_parts(tmp_path, clock, monkeypatch):
    monkeypatch.setattr(log_files, "FILE_BYTES", 1000)
    store = LogStore(tmp_path, clock=clock)
    said = [f"{number:04}" for number in range(100)]
    for text in said:
        store.system(text)
    assert len(list(tmp_path.iterdir())) > 5
    assert all(file.stat().st_size < 1200 for file in tmp_path.iterdir())
    assert messages(store.tail()) == said
    for count in (1, 7, 50, 99, 100, 1000):
        assert messages(store.tail(count)) == said[-count:]
    store.close()
    store = LogStore(tmp_path, clock=clock)
    store.system("after a restart")
    assert messages(store.tail()) == [*said, "after a restart"]
    store.close()


def test_a_day_that_says_too_much_loses_its_beginning(tmp_path, clock, monkeypatch):
    monkeypatch.setattr(log_files, "FILE_BYTES", 1000)
    monkeypatch.setattr(log_files, "DISK_BYTES", 3000)
    store = LogStore(tmp_path, clock=clock)
    for number in range(100):
        store.system(f"{number}")
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 4500
    kept = messages(store.tail())
    assert kept == [f"{number}" for number in range(100)][-len(kept) :]
    store.close()


def test_a_log_is_read_in_pieces_while_others_write(tmp_path, clock, monkeypatch):
    monkeypatch.setattr(log_files, "PIECE_BYTES", 100)
    monkeypatch.setattr(log_files, "FILE_BYTES", 1000)
    monkeypatch.setattr(log_files, "DISK_BYTES", 3000)
    store = LogStore(tmp_path, clock=clock)
    for number in range(20):
        store.system(f"{number}")
    before = store.tail()
    kept = store.read()
    pieces = [next(kept)]
    for number in range(100):  # the files that are being read are renamed, and deleted
        store.system(f"later {number}")
    pieces += kept
    assert b"".join(pieces).decode().splitlines() == before
    assert max(map(len, pieces)) <= 100
    kept.close()
    assert list(kept) == []
    store.close()


def test_the_current_day_is_never_an_earlier_one(tmp_path, clock):
    """A clock that was wrong for a moment must not hide what is logged from then on."""
    clock.advance(1000 * DAY)
    store = LogStore(tmp_path, clock=clock)
    store.system("far in the future")
    store.close()
    clock.advance(-1000 * DAY)
    store = LogStore(tmp_path, clock=clock)
    store.system("now")
    assert messages(store.tail()) == ["far in the future", "now"]
    store.close()


@pytest.mark.parametrize("torn", [b'{"level":"In', b'{"level":"Info"}\n{"le', b'{"level":"Info"}\n' + b"x" * 200_000])
def test_a_line_that_was_cut_off_by_a_crash_does_not_spoil_the_next(tmp_path, clock, torn):
    (tmp_path / "2023-11-14.log").write_bytes(torn)
    store = LogStore(tmp_path, clock=clock)
    store.system("after it")
    assert [json.loads(line)["level"] for line in store.tail()] == ["Info"] * (torn.count(b"\n") + 1)
    store.close()


@pytest.mark.skipif(os.name != "posix", reason="limits of the size of files are a matter of POSIX systems")
def test_a_line_that_a_full_disk_cuts_off_does_not_spoil_the_next(tmp_path, clock):
    import resource

    store = LogStore(tmp_path, clock=clock)
    store.system("before")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (store._lines._size + 50, limits[1]))
    try:
        store.system("x" * 100)
        store.system("y" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    store.system("after")
    assert messages(store.tail()) == ["before", "after"]
    store.close()


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(logs, "MEMORY_BYTES", 1000)
    store = LogStore()
    for number in range(100):
        store.system(f"{number}")
    assert 1 < len(store.tail()) < 10
    assert messages(store.tail(1)) == ["99"]


def test_a_disk_that_refuses_does_not_stop_anything(tmp_path):
    store = LogStore(tmp_path)
    store.system("a")
    store._lines._file.close()
    store._lines._file = (tmp_path / "readonly").open("ab", buffering=0)
    store._lines._file.close()
    store._lines._file = open("/dev/full", "wb", buffering=0)  # noqa: SIM115, PTH123
    store.system("b")
    store.close()
    assert messages(store.tail()) == ["a"]


def test_listeners_get_the_end_and_then_all_that_follows(store):
    store.system("1")
    store.system("2")
    heard: list[str] = []
    kept, stop = store.listen(heard.append, 1)
    store.system("3")
    stop()
    stop()
    store.system("4")
    assert messages(kept.lines()) == ["2"]
    assert messages(heard) == ["3"]


def test_following_from_a_thread(store):
    store.system("before")
    with store.follow(1) as lines:
        assert messages([next(lines)]) == ["before"]
        writer = Thread(target=lambda: [store.system(str(number)) for number in range(100)])
        writer.start()
        assert messages([next(lines) for _ in range(100)]) == [str(number) for number in range(100)]
        writer.join()
    assert list(lines) == []
