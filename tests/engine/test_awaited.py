"""What a job comes to, for who is told of it."""

from __future__ import annotations

from threading import Thread

import pytest

from stdbpy.engine import Awaited


def test_who_comes_later_is_told_at_once() -> None:
    awaited = Awaited[int]()
    awaited.set_result(7)
    told: list[int] = []
    awaited.add_done_callback(lambda done: told.append(done.result()))
    awaited.add_done_callback(lambda done: told.append(done.result()))
    assert told == [7, 7]


def test_who_was_not_told_yet_is_told_once() -> None:
    awaited = Awaited[int]()
    told: list[int] = []
    awaited.add_done_callback(lambda done: told.append(done.result()))
    assert told == []
    working = Thread(target=awaited.set_result, args=(7,))
    working.start()
    working.join()
    assert told == [7]


def test_all_who_were_not_told_yet_are_told_in_order() -> None:
    awaited = Awaited[int]()
    told: list[str] = []
    awaited.add_done_callback(lambda _: told.append("one"))
    awaited.add_done_callback(lambda _: told.append("other"))
    awaited.set_result(7)
    assert told == ["one", "other"]


def test_who_cannot_be_told_keeps_nobody_from_it(caplog: pytest.LogCaptureFixture) -> None:
    awaited = Awaited[int]()
    told: list[int] = []
    awaited.add_done_callback(lambda _: {"there": 1}["missing"])
    awaited.add_done_callback(lambda done: told.append(done.result()))
    awaited.set_result(7)
    assert told == [7]
    assert "KeyError: 'missing'" in caplog.text


def test_what_the_job_raised_is_raised_by_its_result() -> None:
    awaited = Awaited[int]()
    told: list[object] = []
    awaited.add_done_callback(told.append)
    awaited.set_exception(KeyError("missing"))
    assert told == [awaited]
    assert isinstance(awaited.error, KeyError)
    with pytest.raises(KeyError, match="missing"):
        awaited.result()
