from __future__ import annotations

from concurrent.futures import CancelledError, wait
from threading import Event
from unittest.mock import patch

import pytest

from stdbpy.engine import worker
from stdbpy.engine.worker import Worker
from tests.engine.sample import ME, running


class Log:
    """Work that writes down what it is asked to do."""

    def __init__(self, *, fails=(), is_doubtful=False):
        self.events = []
        self.is_doubtful = is_doubtful
        self.fails = list(fails)
        self.gate = Event()
        self.gate.set()
        self.opens = True

    def begin(self):
        self.gate.wait()
        self.events.append("begin")
        return self.opens

    def tick(self):
        self.events.append("tick")

    def commit(self):
        self.events.append("commit")
        if self.fails and self.fails.pop(0):
            raise OSError("disk")

    def expects_failure(self):
        return self.is_doubtful

    def rest(self):
        return False

    def seconds_to_next(self):
        return None

    def end(self):
        self.events.append("end")

    def refusal(self):
        return RuntimeError("refused")


def queued(work, *jobs):
    """A worker whose jobs have all been queued before it begins."""
    work.gate.clear()
    worker = Worker("test", work)
    worker.start()
    futures = [(worker.submit_alone if alone else worker.submit)(function) for function, alone in jobs]
    work.gate.set()
    return worker, futures


def test_jobs_that_wait_make_a_group():
    work = Log()
    one, two, three = (lambda n=n: work.events.append(n) or n for n in (1, 2, 3))
    worker, futures = queued(work, (one, False), (two, False), (three, False))
    assert [future.result() for future in futures] == [1, 2, 3]
    worker.close()
    assert work.events == ["begin", 1, 2, 3, "tick", "commit", "tick", "commit", "end"]


def test_a_job_alone_makes_its_own_group():
    work = Log()
    one, two, three = (lambda n=n: work.events.append(n) for n in (1, 2, 3))
    worker, futures = queued(work, (one, False), (two, True), (three, False))
    wait(futures)
    worker.close()
    assert work.events[:10] == ["begin", 1, "tick", "commit", 2, "tick", "commit", 3, "tick", "commit"]


def test_no_answer_before_the_commit_and_none_but_failure_if_it_fails():
    work = Log(fails=[True, False])

    def refuse():
        raise KeyError

    worker, futures = queued(work, (lambda: 1, False), (refuse, False), (lambda: 3, True))
    for future in futures[:2]:
        with pytest.raises(OSError, match="disk"):
            future.result()
    assert futures[2].result() == 3
    worker.close()


def test_where_a_commit_will_probably_fail_it_fails_for_one_job():
    work = Log(fails=[True, False], is_doubtful=True)
    worker, (failing, other) = queued(work, (lambda: 1, False), (lambda: 2, False))
    with pytest.raises(OSError, match="disk"):
        failing.result()
    assert other.result() == 2
    worker.close()


def test_jobs_are_not_done_when_they_are_cancelled_in_time():
    work = Log()
    work.gate.clear()
    worker = Worker("test", work)
    worker.start()
    future = worker.submit(work.events.append, "never")
    assert future.cancel()
    work.gate.set()
    worker.close()
    assert "never" not in work.events
    with pytest.raises(CancelledError):
        future.result()


def test_jobs_that_nobody_waits_for_take_their_turn_and_their_failures_are_logged(caplog):
    def fail():
        raise KeyError("lost")

    work = Log()
    work.gate.clear()
    worker = Worker("test", work)
    worker.start()
    worker.post(work.events.append, 1)
    worker.post(fail)
    alone = worker.submit_alone(work.events.append, 2)
    work.gate.set()
    alone.result(60)
    worker.close()
    worker.post(work.events.append, 3)
    assert work.events == ["begin", 1, "tick", "commit", 2, "tick", "commit", "tick", "commit", "end"]
    assert "KeyError: 'lost'" in caplog.text


def test_groups_have_a_limit():
    with patch.object(worker, "GROUP_JOBS", 2):
        work = Log()
        closing, futures = queued(work, *((lambda: None, False) for _ in range(5)))
        wait(futures)
        closing.close()
        assert work.events.count("commit") >= 3


@pytest.mark.parametrize("opens", [True, False])
def test_jobs_for_a_thread_that_has_ended_are_refused(opens):
    work = Log()
    work.opens = opens
    worker = Worker("test", work)
    worker.start()
    if opens:
        worker.close()
    with pytest.raises(RuntimeError, match="refused"):
        worker.submit(lambda: None).result(60)
    worker.close()


def test_a_call_has_no_outcome_before_it_is_durable(tmp_path):
    with running(folder=tmp_path) as database:
        journal, allowed, asked = database._instance.journal, Event(), Event()
        commit = journal.commit

        def slow_commit():
            asked.set()
            assert allowed.wait(60)
            commit()

        with patch.object(journal, "commit", slow_commit):
            arguments = (1).to_bytes(4, "little") + b"x" + bytes(4)
            future = database.call("add", arguments, ME)
            assert asked.wait(60)
            assert not future.done()
            allowed.set()
            assert future.result().status == "committed"
        assert journal._execute("PRAGMA synchronous").fetchone() == (2,)
        assert journal._execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_job_that_never_ends_does_not_keep_it_from_closing():
    work, gate = Log(), Event()
    worker = Worker("test", work)
    worker.start()
    stuck = worker.submit(gate.wait)
    behind = worker.submit(lambda: None)
    assert worker.close(0.01) is False
    with pytest.raises(RuntimeError, match="refused"):
        behind.result(60)
    gate.set()
    assert stuck.result(60) is True
    assert worker.close(10) is True


def test_a_job_that_ends_too_late_is_the_last():
    work, gate = Log(), Event()
    worker = Worker("test", work)
    worker.start()
    stuck = worker.submit(gate.wait)
    assert worker.close(0.01) is False
    gate.set()
    assert stuck.result(60) is True
    worker._thread.join(60)
    assert work.events == ["begin", "commit", "end"], "nothing more that is due is done"


def test_a_job_that_was_to_be_alone_is_refused_when_the_group_before_ends_too_late():
    work, writing, gate = Log(), Event(), Event()

    def commit():
        writing.set()
        gate.wait(60)

    with patch.object(work, "commit", commit):
        worker, (before, alone) = queued(work, (lambda: None, False), (lambda: None, True))
        assert writing.wait(60)
        assert worker.close(0.01) is False
        gate.set()
        before.result(60)
        with pytest.raises(RuntimeError, match="refused"):
            alone.result(60)
