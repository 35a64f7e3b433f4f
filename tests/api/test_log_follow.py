"""Following a log over interruptions: nothing twice, nothing missing, whatever the server still gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.api import ApiClient, LogRecord
from stdbpy.api.log_follow import FIRST_DELAY, LONGEST_DELAY, WINDOW, LogPosition, follow_logs, logs_since
from stdbpy.errors import ApiError, NotFound, ServerUnreachable, UnexpectedAnswer
from stdbpy.sats import Timestamp

MOST_BEFORE_FOLLOWING = 2500


class EnoughError(Exception):
    """Ends a log that would be followed forever."""


class Server:
    """A log, and what happens to those who follow it: each step of the script ends one connection."""

    def __init__(self, *messages: str) -> None:
        self.log: list[LogRecord] = []
        self._times = count(1)
        self.write(*messages)
        self.script: list[list[str] | Exception] = []
        """What is logged while somebody follows, or why nobody can; after the last step it is enough."""
        self.meanwhile: list[list[str] | Callable[[], object]] = []
        """What is logged, or else happens, between two connections."""
        self.asked: list[tuple[int | None, bool]] = []
        self.waited: list[float] = []
        self.lost: list[ApiError | None] = []

    def write(self, *messages: str) -> None:
        self.log += [LogRecord("Info", Timestamp(next(self._times)), message) for message in messages]

    def logs(self, database: str, num_lines: int | None = None, *, follow: bool = False) -> Iterator[LogRecord]:
        assert database == "db"
        self.asked.append((num_lines, follow))
        if not follow:
            yield from self.log if num_lines is None else self.log[-num_lines:]
            return
        if not self.script:
            raise EnoughError
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        yield from self.log[-min(num_lines or 0, MOST_BEFORE_FOLLOWING) :]
        for message in step:
            self.write(message)
            yield self.log[-1]

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        happening = self.meanwhile.pop(0) if self.meanwhile else []
        if isinstance(happening, list):
            self.write(*happening)
        else:
            happening()

    def follow(self, num_lines: int = 0, *, since: int | None = None) -> list[str]:
        """What somebody reads who follows until it is enough."""
        read: list[str] = []
        try:
            for record in follow_logs(
                cast("ApiClient", self),
                "db",
                num_lines,
                since=None if since is None else Timestamp(since),
                lost=self.lost.append,
                wait=self.wait,
            ):
                read.append(record.message)
        except EnoughError:
            return read
        raise AssertionError("it ended")


def numbered(start: int, end: int) -> list[str]:
    return [f"line {number}" for number in range(start, end)]


@pytest.mark.parametrize(("lines", "shown"), [(0, []), (1, ["c"]), (2, ["b", "c"]), (9, ["a", "b", "c"])])
def test_it_begins_where_it_was_asked_to(lines: int, shown: list[str]) -> None:
    server = Server("a", "b", "c")
    server.script = [["d"], ["e"]]
    assert server.follow(lines) == [*shown, "d", "e"]


def test_a_log_without_a_line() -> None:
    server = Server()
    server.script = [[], ["a"], ["b"]]
    assert server.follow() == ["a", "b"]


def test_what_is_logged_while_nobody_reads_is_shown() -> None:
    server = Server("old")
    server.script = [["a", "b"], ServerUnreachable("gone"), UnexpectedAnswer("cut off"), ["e"]]
    server.meanwhile = [["c"], [], ["d"]]
    assert server.follow(1) == ["old", "a", "b", "c", "d", "e"]
    assert [type(reason) for reason in server.lost] == [type(None), ServerUnreachable, UnexpectedAnswer, type(None)]


@pytest.mark.parametrize("missed", [WINDOW - 1, WINDOW, WINDOW + 1, 3000, 60_000])
def test_much_that_was_missed(missed: int) -> None:
    server = Server("old")
    server.script = [["a"], ["z"]]
    server.meanwhile = [numbered(0, missed)]
    assert server.follow() == ["a", *numbered(0, missed), "z"]


def test_a_log_that_was_emptied_meanwhile_is_read_from_its_start() -> None:
    server = Server("old")
    server.script = [["a"], ["z"]]

    def empty() -> None:
        server.log.clear()
        server.write(*numbered(0, 700))

    server.meanwhile = [empty]
    assert server.follow() == ["a", *numbered(0, 700), "z"]


def test_the_same_text_at_the_same_time_counts_as_often_as_it_was_logged() -> None:
    server = Server("old")
    twin = LogRecord("Info", Timestamp(10), "twin")
    server.log += [twin, twin]
    server.script = [[], [], []]
    server.meanwhile = [[], lambda: server.log.append(twin)]
    assert server.follow(2) == ["twin", "twin", "twin"]


def test_since() -> None:
    server = Server(*numbered(0, 2000))
    server.script = [["a"], ["b"]]
    server.meanwhile = [["meanwhile"]]
    assert server.follow(since=1001) == [*numbered(1000, 2000), "a", "meanwhile", "b"]
    assert (None, False) not in server.asked


def test_since_before_the_log_begins() -> None:
    server = Server(*numbered(0, 700))
    server.script = [["a"]]
    assert server.follow(since=-5) == [*numbered(0, 700), "a"]


def test_since_without_following_reads_no_more_than_it_must() -> None:
    server = Server(*numbered(0, 100_000))
    recent = logs_since(cast("ApiClient", server), "db", Timestamp(99_991))
    assert [record.message for record in recent] == numbered(99_990, 100_000)
    assert server.asked == [(WINDOW, False)]
    all_of_it = logs_since(cast("ApiClient", server), "db", Timestamp(0))
    assert sum(1 for _ in all_of_it) == 100_000


def test_attempts_become_rarer_until_something_new_comes() -> None:
    gone = ServerUnreachable("gone")
    server = Server("old")
    server.script = [*([gone] * 7), ["a"], gone]
    assert server.follow() == ["a"]
    assert server.waited == [
        *(FIRST_DELAY * 2**number for number in range(5)),
        *(LONGEST_DELAY, LONGEST_DELAY),
        *(FIRST_DELAY, FIRST_DELAY * 2),
    ]


@pytest.mark.parametrize("error", [ApiError("503", status=503), ApiError("421", status=421)])
def test_a_server_that_is_not_ready_is_waited_for(error: ApiError) -> None:
    server = Server("old")
    server.script = [error, ["a"]]
    assert server.follow() == ["a"]


@pytest.mark.parametrize("error", [NotFound("deleted", status=404), ApiError("no", status=401)])
def test_what_will_not_pass_ends_it(error: ApiError) -> None:
    server = Server("old")
    server.script = [["a"], error]
    with pytest.raises(ApiError) as caught:
        server.follow()
    assert caught.value is error


class NobodyThere(Server):
    def logs(self, database: str, num_lines: int | None = None, *, follow: bool = False) -> Iterator[LogRecord]:
        raise ServerUnreachable("nobody there")


@pytest.mark.parametrize("since", [None, 5])
def test_the_first_request_must_succeed(since: int | None) -> None:
    with pytest.raises(ServerUnreachable):
        NobodyThere().follow(since=since)


@given(st.data())
def test_a_position_shows_each_record_once_and_in_order(data: st.DataObject) -> None:
    """Whatever end of the log one is given when coming back, if it reaches to what was seen; and does
    not begin between records of the same moment, which could be the same to the letter."""
    steps = data.draw(st.lists(st.integers(0, 2), max_size=30), "microseconds between records")
    times = [sum(steps[: end + 1]) for end in range(len(steps))]
    log = [LogRecord("Info", Timestamp(time), data.draw(st.sampled_from("ab"))) for time in times]
    read = 0
    shown: list[LogRecord] = []
    position = LogPosition()
    start = 0
    while True:
        shown += [record for record in log[start:read] if position.is_new(record)]
        if read == len(log):
            break
        position.come_back()
        starts = [place for place in range(read) if place == 0 or times[place - 1] < times[place]]
        start = data.draw(st.sampled_from(starts or [0]), "first record that is given again")
        read = data.draw(st.integers(read + 1, len(log)), "records that are there by then")
    assert shown == log
