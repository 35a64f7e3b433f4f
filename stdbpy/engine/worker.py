"""The thread of a database: one job after the other, and no answer before its effects are on disk.

Jobs that wait at the same time make a group: they run, then what they did is written down together,
then their futures are resolved. So a disk that takes a millisecond for each write still carries
thousands of transactions a second.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from time import perf_counter
from typing import Any, Protocol, TypeVar, TypeVarTuple

from stdbpy.engine.awaited import Awaited
from stdbpy.engine.job_future import JobFuture

GROUP_JOBS = 4096
GROUP_SECONDS = 0.01
GROUP_COMMITS = 4
"""A group is closed after so many jobs, or when it has run for so long and for as long as so many
commits take: on a slow disk, groups are longer."""

LONGEST_WAIT = 3600.0

T = TypeVar("T")
Args = TypeVarTuple("Args")

log = logging.getLogger("stdbpy.engine")


class Work(Protocol):
    """What the thread does besides the jobs. All of it is called on the thread."""

    def begin(self) -> bool:
        """Comes before the first job. Whether there will be any: if not, jobs fail."""

    def tick(self) -> None:
        """Does what is due by the clock; part of the group."""

    def commit(self) -> None:
        """Makes the group durable, or undoes all of it and raises."""

    def expects_failure(self) -> bool:
        """Whether a commit will probably fail: then each job is a group by itself, so that the others do not fail
        with one that changes something."""

    def rest(self) -> bool:
        """Does a little of what can wait, after a group; whether there is more to do at once."""

    def seconds_to_next(self) -> float | None:
        """How long nothing is due, if nothing happens; ``None`` for ever."""

    def end(self) -> None:
        """Comes after the last job."""

    def refusal(self) -> Exception:
        """What jobs fail with that cannot be done, before or after the thread's time."""


_Job = tuple[Future[Any] | Awaited[Any] | None, Callable[..., Any], tuple[Any, ...], bool]
"""What to resolve, if somebody waits, what to call with which arguments, and whether alone."""

_Done = tuple[Future[Any] | Awaited[Any], Any, BaseException | None]


class Worker:
    """Runs the jobs of one database in a thread of its own, from when it is started until it is closed."""

    def __init__(self, name: str, work: Work) -> None:
        self._work = work
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._held: _Job | None = None
        self._has_ended = False
        self._commit_took = 0.0
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begins; jobs may have been queued before."""
        self._thread.start()

    @property
    def name(self) -> str:
        return self._thread.name

    def submit(self, function: Callable[[*Args], T], *args: *Args) -> Future[T]:
        """Queues a job. Its future has the result once everything that the job did is durable."""
        return self._put(function, args, alone=False)

    def expect(self, function: Callable[[*Args], T], *args: *Args) -> Awaited[T]:
        """As :meth:`submit`, for one who is told of the result."""
        awaited: Awaited[T] = Awaited()
        self._queue((awaited, function, args, False))
        return awaited

    def submit_alone(self, function: Callable[[*Args], T], *args: *Args) -> Future[T]:
        """Queues a job that is a group by itself: what was done before it is durable when it runs."""
        return self._put(function, args, alone=True)

    def post(self, function: Callable[[*Args], None], *args: *Args) -> None:
        """Queues a job that nobody waits for, which is a good deal quicker. What it raises is logged; where jobs
        are refused, it is dropped."""
        self._queue((None, function, args, False))

    def _put(self, function: Callable[..., T], args: tuple[Any, ...], *, alone: bool) -> Future[T]:
        future: JobFuture[T] = JobFuture()
        self._queue((future, function, args, alone))
        return future

    def _queue(self, job: _Job) -> None:
        self._jobs.put(job)
        if self._has_ended:
            self._refuse_rest()

    @property
    def is_alive(self) -> bool:
        """Whether it does something, or waits for something to do."""
        return self._thread.is_alive()

    @property
    def thread_id(self) -> int | None:
        return self._thread.ident

    @property
    def waiting(self) -> int:
        """How many jobs have not begun. Any thread may look."""
        return self._jobs.qsize()

    def close(self, patience: float | None = None) -> bool:
        """Returns when the jobs that were queued before have been done; later ones fail.

        A job can run for ever: after ``patience`` seconds the thread is left alone, those who wait
        behind that job get an error, and the answer is false. Should the job end after all, it is the last.
        """
        self._jobs.put(None)
        self._thread.join(patience)
        if not self._thread.is_alive():
            return True
        self._has_ended = True
        self._refuse_rest()
        return False

    # --- on the thread -----------------------------------------------------------------------

    def _run(self) -> None:
        try:
            goes_on = self._work.begin()
            hurry = False
            while goes_on and not self._has_ended:
                goes_on = self._group(hurry)
                hurry = self._work.rest()
            self._work.end()
        finally:
            self._has_ended = True
            if self._held is not None:
                self._jobs.put(self._held)
            self._refuse_rest()

    def _group(self, hurry: bool) -> bool:
        """Does the jobs that are waiting, or waits for some; whether to go on after that."""
        done: list[_Done] = []
        goes_on = self._do_jobs(done, 0 if hurry else self._work.seconds_to_next())
        try:
            if not self._has_ended:
                self._work.tick()
            started = perf_counter()
            self._work.commit()
            self._commit_took = perf_counter() - started
        except Exception as error:  # noqa: BLE001 - whoever waits for the futures gets it
            for future, _, _ in done:
                future.set_exception(error)
        else:
            for future, result, failure in done:
                if failure is None:
                    future.set_result(result)
                else:
                    future.set_exception(failure)
        return goes_on

    def _do_jobs(self, done: list[_Done], wait: float | None) -> bool:
        jobs = self._jobs
        job, self._held = self._held, None
        if job is None:
            try:
                job = jobs.get(timeout=None if wait is None else min(wait, LONGEST_WAIT))
            except Empty:
                return True
        until = perf_counter() + max(GROUP_SECONDS, GROUP_COMMITS * self._commit_took)
        most = 1 if self._work.expects_failure() else GROUP_JOBS
        count = 0
        while job is not None:
            future, function, args, alone = job
            if alone and count:
                self._held = job
                return True
            count += 1
            if future is None:
                _run_unwatched(function, args)
            elif future.set_running_or_notify_cancel():
                try:
                    done.append((future, function(*args), None))
                except BaseException as error:  # noqa: BLE001 - whoever waits for the future gets it
                    done.append((future, None, error))
            if alone or count >= most or perf_counter() >= until or jobs.empty():
                return True
            job = jobs.get()
        return False

    def _refuse_rest(self) -> None:
        while not self._jobs.empty():
            with suppress(Empty):
                job = self._jobs.get_nowait()
                future = None if job is None else job[0]
                if future is not None and future.set_running_or_notify_cancel():
                    future.set_exception(self._work.refusal())


def _run_unwatched(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    try:
        function(*args)
    except BaseException:
        log.exception("A job of a database failed")
