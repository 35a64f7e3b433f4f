import os
import signal

import pytest

from stdbpy.signals import answering

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")


def test_the_handler_answers_until_the_block_is_left():
    before = signal.getsignal(signal.SIGHUP)
    answered: list[int] = []
    with answering("SIGHUP", "SIGTERM", with_=lambda number, _: answered.append(number)):
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGTERM)
    assert answered == [signal.SIGHUP, signal.SIGTERM]
    assert signal.getsignal(signal.SIGHUP) is before


def test_signals_of_other_systems_are_left_out():
    with answering("SIGBREAK", "SIGNONE", with_=signal.SIG_IGN):
        pass


@pytest.mark.parametrize(("even_if_ignored", "answers"), [(False, 0), (True, 1)])
def test_what_is_ignored_stays_so_unless_told(even_if_ignored: bool, answers: int):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    answered: list[int] = []
    try:
        with answering("SIGHUP", with_=lambda number, _: answered.append(number), even_if_ignored=even_if_ignored):
            os.kill(os.getpid(), signal.SIGHUP)
        assert len(answered) == answers
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
