"""The Makefile of a new project, used as its owner uses it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stdbpy.project.template_sources import BUILT_IN
from stdbpy.project.templates import create_project

pytestmark = [
    pytest.mark.skipif(shutil.which("make") is None, reason="needs make"),
    # They start dozens of processes, on a machine that may be busy with other tests.
    pytest.mark.timeout(600),
]

ENDS_WITHIN = 300.0
"""Seconds; a guard against what never ends."""

ENVIRONMENT = f"VENV={sys.prefix}"
"""The environment of these tests has stdbpy and pytest already."""


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("STDBPY_", "PYTEST_", "MAKE"))
    }
    return {**inherited, "STDBPY_SERVER": free_address()}


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.mark.parametrize("template", BUILT_IN)
def test_its_tests_pass(template: str, tmp_path: Path, environment: dict[str, str]) -> None:
    root = create_project(template, tmp_path / "my-game").root

    done = subprocess.run(
        ["make", "test", ENVIRONMENT], cwd=root, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert not (root / ".venv").exists()


@pytest.fixture
def dev(tmp_path: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    root = create_project("chat", tmp_path / "my-chat").root
    with running_dev(root, environment) as process:
        yield process


@contextmanager
def running_dev(root: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """`make dev` of a project, as the leader of a process group, which a terminal's Ctrl-C goes to."""
    with running("dev", root, environment) as process:
        yield process


@contextmanager
def running(target: str, root: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        ["make", target, ENVIRONMENT], cwd=root, env=environment, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            # Not by force: what it started has to be ended as well.
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.communicate(timeout=ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise


def output_behind_the_start(dev: subprocess.Popen[str]) -> Iterator[str]:
    """The lines that come when the database is there and clients' code is made."""
    assert dev.stdout is not None
    output = iter(dev.stdout.readline, "")
    missing = {"Database created", "waiting for changes"}
    while missing:
        line = next(output)
        missing = {words for words in missing if words not in line}
    return output


def test_dev_serves_clients_until_interrupted(
    dev: subprocess.Popen[str], tmp_path: Path, environment: dict[str, str]
) -> None:
    output = output_behind_the_start(dev)

    said = subprocess.run(
        [sys.executable, "client.py", "Hello!"],
        cwd=tmp_path / "my-chat", env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout.endswith(": Hello!\n")
    assert any("says: Hello!" in line for line in output)

    os.killpg(dev.pid, signal.SIGINT)
    dev.wait(ENDS_WITHIN)

    with pytest.raises(ProcessLookupError):
        os.killpg(dev.pid, 0)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(environment["STDBPY_SERVER"].rpartition(":")[2])))


def test_the_chat(dev: subprocess.Popen[str], tmp_path: Path, environment: dict[str, str]) -> None:
    output_behind_the_start(dev)
    root = tmp_path / "my-chat"

    def chat(*words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "client.py", *words],
            cwd=root, env=environment, input=typed, capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert chat("--help").stdout.startswith("usage: client.py")
    assert chat("--nick", "x").returncode == 2
    typed = chat("--name", "Bob", typed="/nick x\n/name \n/name  Ada\n")
    assert (typed.returncode, typed.stderr) == (0, "")
    assert typed.stdout.count("there are `/name NAME` and") == 2
    said = chat("Hello", "there!")
    assert [line.split(maxsplit=1)[1] for line in said.stdout.splitlines()] == ["Ada: Hello there!"]

    talking = subprocess.Popen(
        [sys.executable, "client.py", "--guest"],
        cwd=root, env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert talking.stdout is not None
        assert talking.stdout.readline().endswith("Ada: Hello there!\n")
        server = environment["STDBPY_SERVER"]
        subprocess.run(
            [sys.executable, "-m", "stdbpy.cli", "delete", "my-chat", "--yes", "--server", server],
            cwd=root, env=environment, capture_output=True, check=True,
        )  # fmt: skip
        assert talking.wait(ENDS_WITHIN) == 1
        told = talking.communicate()[1]
    finally:
        talking.kill()
        talking.communicate()
    assert told.count("no database") == 1, told


@pytest.mark.long
def test_two_projects_are_developed_side_by_side(
    dev: subprocess.Popen[str], tmp_path: Path, environment: dict[str, str]
) -> None:
    other = create_project("basic", tmp_path / "my-game").root
    with running_dev(other, {**environment, "STDBPY_SERVER": free_address()}) as second:
        for process in (dev, second):
            assert process.stdout is not None
            assert any("Database created" in line for line in iter(process.stdout.readline, ""))
    assert (other / ".stdb").is_dir()
    assert "/.stdb/" in (other / ".gitignore").read_text().splitlines()


def test_dev_ends_if_its_server_cannot_start(tmp_path: Path, environment: dict[str, str]) -> None:
    root = create_project("basic", tmp_path / "my-game").root
    with socket.socket() as taken:  # by somebody who does not listen: who did would be waited for, to answer
        taken.bind(("127.0.0.1", int(environment["STDBPY_SERVER"].rpartition(":")[2])))
        done = subprocess.run(
            ["make", "dev", ENVIRONMENT], cwd=root, env=environment, capture_output=True, text=True, check=False
        )

    assert done.returncode != 0
    assert "another program listens at" in done.stdout
    assert "did not start" in done.stderr


@pytest.mark.usefixtures("wasm_cache")
def test_each_step_by_itself(tmp_path: Path, environment: dict[str, str]) -> None:
    """A server, and beside it what a developer or a pipeline calls one after the other."""
    root = create_project("chat", tmp_path / "my-chat").root
    with running("start", root, environment) as server:
        assert server.stdout is not None
        assert any("is ready" in line for line in iter(server.stdout.readline, ""))
        for target in ("build", "publish", "generate", "client"):
            done = subprocess.run(
                ["make", target, ENVIRONMENT], cwd=root, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, (target, done.stdout, done.stderr)
        assert (root / "module_bindings" / "tables.py").is_file()
        with running("logs", root, environment) as logs:
            assert logs.stdout is not None
            assert any("Database created" in line for line in iter(logs.stdout.readline, ""))
