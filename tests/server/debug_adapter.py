"""A debugger as editors run it: debugpy's adapter, spoken to in the Debug Adapter Protocol
(https://microsoft.github.io/debug-adapter-protocol/specification)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from queue import SimpleQueue
from threading import Thread
from typing import IO, Any

PATIENCE = 60
"""Seconds until something that was to come is missed."""

Message = dict[str, Any]


class Debugger:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._to = process.stdin
        self._numbers = count(1)
        self._came: SimpleQueue[Message] = SimpleQueue()
        self._passed_over: list[Message] = []
        self._reading = Thread(target=self._read, args=(process.stdout,), daemon=True)
        self._reading.start()

    def _read(self, source: IO[bytes]) -> None:
        while head := source.readline():
            name, _, length = head.partition(b":")
            assert name == b"Content-Length"
            assert source.readline() == b"\r\n"
            self._came.put(json.loads(source.read(int(length))))

    def expect_end(self) -> None:
        """Returns when the adapter has nothing more to say: what is read cannot be closed before."""
        self._reading.join(PATIENCE)

    def send(self, command: str, **arguments: Any) -> int:
        """The number of the request."""
        number = next(self._numbers)
        body = json.dumps({"seq": number, "type": "request", "command": command, "arguments": arguments}).encode()
        self._to.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._to.flush()
        return number

    def ask(self, command: str, **arguments: Any) -> Message:
        return self.answer(self.send(command, **arguments))

    def answer(self, number: int) -> Message:
        answer = self._first(lambda one: one["type"] == "response" and one["request_seq"] == number)
        assert answer["success"], answer
        body: Message = answer.get("body", {})
        return body

    def event(self, name: str, fits: Callable[[Message], bool] = lambda _: True) -> Message:
        """What the first such event says that was not met before."""
        found = self._first(lambda one: one["type"] == "event" and one["event"] == name and fits(one.get("body", {})))
        body: Message = found.get("body", {})
        return body

    def _first(self, fits: Callable[[Message], bool]) -> Message:
        for number, message in enumerate(self._passed_over):
            if fits(message):
                return self._passed_over.pop(number)
        while not fits(message := self._came.get(timeout=PATIENCE)):
            self._passed_over.append(message)
        return message


@contextmanager
def debugger() -> Iterator[Debugger]:
    adapter = [sys.executable, "-m", "debugpy.adapter"]
    with subprocess.Popen(adapter, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        debugger = Debugger(process)
        try:
            debugger.ask("initialize", adapterID="debugpy", pathFormat="path")
            yield debugger
            debugger.ask("disconnect", terminateDebuggee=True)
        finally:
            process.terminate()
            debugger.expect_end()
