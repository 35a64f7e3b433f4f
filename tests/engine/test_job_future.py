"""Futures of jobs are futures like any others."""

from __future__ import annotations

import asyncio
from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, CancelledError, Future, as_completed, wait
from threading import Thread

import pytest

from stdbpy.engine.job_future import JobFuture


def test_it_has_all_that_any_future_has() -> None:
    plain: Future[int] = Future()
    assert vars(JobFuture()).keys() == vars(plain).keys()
    others = {name: value for name, value in vars(plain).items() if name != "_condition"}
    assert {name: vars(JobFuture())[name] for name in others} == others


def test_all_who_wait_get_the_result() -> None:
    future = JobFuture[int]()
    got: list[int] = []
    waiting = [Thread(target=lambda: got.append(future.result(60))) for _ in range(3)]
    for thread in waiting:
        thread.start()
    future.set_result(7)
    for thread in waiting:
        thread.join()
    assert got == [7, 7, 7]
    assert future.result(0) == 7


def test_who_has_waited_for_long_enough_may_wait_again() -> None:
    future = JobFuture[int]()
    for patience in (0, 0.001, -1):
        with pytest.raises(TimeoutError):
            future.result(patience)
    working = Thread(target=future.set_exception, args=(KeyError("missing"),))
    working.start()
    assert isinstance(future.exception(60), KeyError)
    working.join()
    with pytest.raises(KeyError, match="missing"):
        future.result()


def test_several_can_be_waited_for_at_once() -> None:
    first, second = futures = [JobFuture[int](), JobFuture[int]()]
    assert wait(futures, 0).not_done == {first, second}
    second.set_result(2)
    assert wait(futures, return_when=FIRST_COMPLETED).done == {second}
    working = Thread(target=first.set_result, args=(1,))
    working.start()
    assert not wait(futures, 60, ALL_COMPLETED).not_done
    assert sorted(future.result() for future in as_completed(futures)) == [1, 2]
    working.join()


def test_it_can_be_cancelled() -> None:
    future = JobFuture[int]()
    assert future.cancel()
    assert not future.set_running_or_notify_cancel()
    with pytest.raises(CancelledError):
        future.result()


def test_asyncio_waits_for_it() -> None:
    future = JobFuture[int]()

    async def waiting() -> int:
        asyncio.get_running_loop().call_soon(future.set_result, 7)
        return await asyncio.wrap_future(future)

    assert asyncio.run(waiting()) == 7
