"""SpacetimeDB's own smoketests against the embedded server, with the official program and with ours.

Each test is one of theirs. Those of one kind run once, when the first is asked for; what fails then runs once more
by itself: some wait a moment and then expect what comes when the machine has time for it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from tests import real_servers
from tests.smoketests.differences import DIFFERENCES, DIFFERENCES_OF_THE_SERVER
from tests.smoketests.runs import LOCAL, REMOTE, WHY_SKIPPED, Outcomes, first_of_each_part, names, part_of, run

pytestmark = [
    pytest.mark.real,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not names(REMOTE), reason=WHY_SKIPPED),
]

OFFICIAL, OURS = "the official program", "stdbpy"
PROGRAM = str(Path(sys.executable).with_name("stdbpy"))

QUICK = ("auto_migration", "rls", "schedule_reducer", "http_routes", "views")
"""The parts of which the first smoketest always runs, with the official program. Those that start servers themselves
give them ten seconds, which is not enough on a machine that is busy with other tests."""

Outcome = Callable[[str, str], tuple[str, str]]
"""How the smoketest of that name ends with a program: the verdict, and what it wrote."""


@pytest.fixture(scope="module")
def outcome(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    here = (item for item in request.session.items if item.path == request.path and hasattr(item, "callspec"))
    wanted = {tuple(item.callspec.params.values()) for item in here}

    @cache
    def all_of(which: str, program: str) -> Outcomes:
        chosen = [name for name in names(which) if (program, which, name) in wanted]
        out = tmp_path_factory.mktemp(f"embedded-{which}")
        with _server(which, out) as (server, variables):
            found = run(out, chosen, server=server, **variables, **_program(program))
            failed = [name for name in chosen if found.verdicts.get(name) != "PASS" and name not in known(program)]
            if not failed:
                return found
            again = tmp_path_factory.mktemp(f"embedded-{which}-again")
            second = run(again, failed, server=server, JOBS="1", **variables, **_program(program))
            return Outcomes({**found.verdicts, **second.verdicts}, again / "logs")

    def outcome(program: str, which: str, name: str) -> tuple[str, str]:
        outcomes = all_of(which, program)
        return outcomes.verdicts.get(name, "NOTFOUND"), outcomes.log_of(name)

    return outcome


def _program(program: str) -> dict[str, str]:
    if program == OFFICIAL:
        return {"STDB_CLI": str(real_servers.program("spacetimedb-cli-2.8.3"))}
    return {"STDB_CLI": PROGRAM, "STDBPY_FORMAT": "table"}


@contextmanager
def _server(which: str, folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Where the server is, and what tells tests how to start one."""
    if which == LOCAL:
        starter = folder / "start"
        starter.write_text(f'#!/bin/sh\nexec {PROGRAM} "$@" --allow-loopback-http\n')
        starter.chmod(0o700)
        yield LOCAL, {"STDB_SERVER": str(starter)}
        return
    command = [PROGRAM, "start", "--in-memory", "--listen-addr", "127.0.0.1:0", "--allow-loopback-http"]
    environment = {**os.environ, "HOME": str(folder)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as process:
        assert process.stdout is not None
        try:
            yield f"http://{process.stdout.readline().decode().split()[-1]}", {}
        finally:
            process.terminate()


def known(program: str) -> dict[str, str]:
    return DIFFERENCES_OF_THE_SERVER if program == OFFICIAL else {**DIFFERENCES, **DIFFERENCES_OF_THE_SERVER}


def _cases() -> Iterator[object]:
    for program in (OFFICIAL, OURS):
        for which in (REMOTE, LOCAL):
            first = first_of_each_part(names(which))
            for name in names(which):
                is_quick = (program, which) == (OFFICIAL, REMOTE) and name in first and part_of(name) in QUICK
                yield pytest.param(
                    program, which, name, marks=() if is_quick else pytest.mark.long, id=f"{name} with {program}"
                )


@pytest.mark.difference("the data directory")
@pytest.mark.parametrize(("program", "which", "name"), list(_cases()))
def test_the_smoketest_passes(program: str, which: str, name: str, outcome: Outcome) -> None:
    verdict, wrote = outcome(program, which, name)
    differences = known(program)
    if name in differences:
        assert verdict != "PASS", f"{name} passes: take it out of the list of differences"
        pytest.xfail(differences[name])
    assert verdict == "PASS", wrote


def test_the_differences_name_smoketests_that_exist() -> None:
    assert not DIFFERENCES_OF_THE_SERVER.keys() - {*names(REMOTE), *names(LOCAL)}
