"""The event loop that the sockets of all synchronous connections live on."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, ClassVar, TypeVar

from stdbpy.debugging import go_on_while_others_stop

T = TypeVar("T")


class IoThread:
    """An event loop on a thread of its own. There is one in a process while there are connections that use it.

    >>> io = IoThread.join_in()
    >>> io.run(coroutine).result()
    >>> io.leave()
    """

    _shared: ClassVar[IoThread | None] = None
    _guard: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._users = 0
        self._process = os.getpid()
        self._thread = threading.Thread(target=self._run, name="stdbpy-io", daemon=True)
        self._thread.start()

    @classmethod
    def join_in(cls) -> IoThread:
        """The process's thread, which is started if there is none; :meth:`leave` it once."""
        with cls._guard:
            io = cls._shared
            if io is None or io._process != os.getpid():  # noqa: SLF001  # the class's own; a fork has no threads
                io = cls._shared = cls()
            io._users += 1
            return io

    def leave(self) -> None:
        """Ends the thread if nobody else uses it."""
        with self._guard:
            self._users -= 1
            if self._users:
                return
            if IoThread._shared is self:
                IoThread._shared = None
        self.loop.call_soon_threadsafe(self.loop.stop)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    @property
    def is_here(self) -> bool:
        """Whether the calling code runs on the thread."""
        return threading.current_thread() is self._thread

    def run(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def call_soon(self, function: Callable[..., object], *arguments: object) -> None:
        self.loop.call_soon_threadsafe(function, *arguments)

    def _run(self) -> None:
        # It answers the server's pings, who would drop this client for a breakpoint in one of its callbacks.
        go_on_while_others_stop()
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            for task in (tasks := asyncio.all_tasks(self.loop)):
                task.cancel()
            if tasks:
                self.loop.run_until_complete(asyncio.wait(tasks))
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()


if hasattr(os, "register_at_fork"):  # no other thread has it then, whom the new process would wait for
    _guard = IoThread._guard  # noqa: SLF001  # the class's own
    os.register_at_fork(before=_guard.acquire, after_in_parent=_guard.release, after_in_child=_guard.release)
