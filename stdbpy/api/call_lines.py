"""One call per line of a file, several at a time if wanted, with the outcome of each."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING

from stdbpy.api.arguments import Function
from stdbpy.api.results import CallResult
from stdbpy.errors import (
    ApiError,
    Forbidden,
    InvalidArguments,
    NotFound,
    ServerUnreachable,
    StdbError,
    TokenRejected,
    UnexpectedAnswer,
)

if TYPE_CHECKING:
    from stdbpy.api.client import ApiClient

_HOPELESS = (ServerUnreachable, UnexpectedAnswer, TokenRejected, Forbidden, NotFound)
"""What would be said to every other line as well."""

_NO_ENERGY = 402


@dataclass(frozen=True, slots=True)
class LineCalled:
    """How the call of one line ended."""

    number: int
    """From 1, in the file; empty lines count, though they are not called."""
    result: CallResult | None = None
    error: StdbError | None = None
    is_last: bool = False
    """No further line is called because of this error; those that were under way still come."""


def call_lines(
    clients: Sequence[ApiClient], function: Function, lines: Iterable[bytes], *, keep_going: bool = True
) -> Iterator[LineCalled]:
    """Calls ``function`` once for each line that is not empty, a JSON list of its arguments or an object
    of them by name. The outcomes come in the order of the lines.

    As many calls as there are clients are under way at a time; with more than one they may be carried
    out in any order. ``keep_going`` goes on behind a line that was refused, but not where the server is
    gone, the token is no good, or there is no such function.
    """
    numbered = ((number, line) for number, line in enumerate(lines, start=1) if line.strip(b" \t\r\n\xef\xbb\xbf"))
    if len(clients) == 1:
        for number, line in numbered:
            called = _call(clients[0], function, number, line, keep_going=keep_going)
            yield called
            if called.is_last:
                return
    else:
        yield from _several_at_a_time(clients, function, numbered, keep_going=keep_going)


def _several_at_a_time(
    clients: Sequence[ApiClient], function: Function, numbered: Iterator[tuple[int, bytes]], *, keep_going: bool
) -> Iterator[LineCalled]:
    # Each call has a client of its own: what one learns from the answer to a call it does not apply to another.
    free: SimpleQueue[ApiClient] = SimpleQueue()
    for client in clients:
        free.put(client)

    def call(number: int, line: bytes) -> LineCalled:
        client = free.get()
        try:
            return _call(client, function, number, line, keep_going=keep_going)
        finally:
            free.put(client)

    pool = ThreadPoolExecutor(len(clients))
    under_way: deque[Future[LineCalled]] = deque()
    is_over = False
    try:
        for number, line in numbered:
            under_way.append(pool.submit(call, number, line))
            while under_way and (len(under_way) >= 2 * len(clients) or under_way[0].done()):
                called = under_way.popleft().result()
                yield called
                is_over = is_over or called.is_last
            if is_over:
                break
        while under_way:
            future = under_way.popleft()
            if not (is_over and future.cancel()):
                called = future.result()
                yield called
                is_over = is_over or called.is_last
    finally:
        pool.shutdown(cancel_futures=True)


def _call(client: ApiClient, function: Function, number: int, line: bytes, *, keep_going: bool) -> LineCalled:
    try:
        arguments = function.encode_json(line.lstrip(b"\xef\xbb\xbf") if number == 1 else line)
        return LineCalled(number, client.call(function.database, function.name, arguments))
    except (ApiError, InvalidArguments) as error:
        is_hopeless = isinstance(error, _HOPELESS) or (isinstance(error, ApiError) and error.status == _NO_ENERGY)
        return LineCalled(number, error=error, is_last=is_hopeless or not keep_going)
