"""Things of which a process has one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

from stdbpy.made_once import made_once


def test_those_who_ask_first_together_get_the_same():
    together, a_moment = Barrier(8), Event()

    @made_once
    def thing() -> object:
        a_moment.wait(0.05)
        return object()

    def ask(_: int) -> object:
        together.wait(30)
        return thing()

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(ask, range(8)))) == 1
    assert thing() is thing()
